import { ChevronLeft, ChevronRight } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { IconButton } from "@/ui/button";

/** `‹ 2/3 ›`: the alternatives of one question, two or more. */
export function BranchSwitch({ siblings, current, onChoose }: { siblings: readonly string[]; current: string; onChoose(turnId: string): void }) {
  const { t } = useTranslation("chat");
  const index = siblings.indexOf(current);
  const go = (to: number) => {
    const turnId = siblings[to];
    if (turnId !== undefined) onChoose(turnId);
  };
  return (
    <span role="group" aria-label={t("branch.label")} className="inline-flex items-center text-xs text-ink-soft tabular-nums">
      <IconButton label={t("branch.previous")} disabled={index <= 0} onClick={() => go(index - 1)}>
        <ChevronLeft size={16} aria-hidden />
      </IconButton>
      <span aria-hidden>{`${index + 1}/${siblings.length}`}</span>
      <span className="sr-only">{t("branch.position", { n: index + 1, m: siblings.length })}</span>
      <IconButton label={t("branch.next")} disabled={index >= siblings.length - 1} onClick={() => go(index + 1)}>
        <ChevronRight size={16} aria-hidden />
      </IconButton>
    </span>
  );
}
