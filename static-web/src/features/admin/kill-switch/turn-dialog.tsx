
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

import type { Position } from "./queries";

const STOPS = ["everybody", "within", "waiting", "running", "banner"] as const;
const STARTS = ["everybody", "again", "denied"] as const;

/** Asks once more, with everything that follows from it in words. */
export function TurnDialog({ to, busy, onTurn, onCancel }: { to: Position; busy: boolean; onTurn(): void; onCancel(): void }) {
  const { t } = useTranslation("kill_switch");
  return (
    <Dialog open onOpenChange={onCancel} title={t(`confirm.${to}_title`)} description={t(`position.${to}_text`)}>
      <ul className="mb-5 list-disc space-y-1.5 pl-5 text-sm">
        {(to === "off" ? STARTS : STOPS).map((consequence) => (
          <li key={consequence}>{t(`confirm.${consequence}`)}</li>
        ))}
      </ul>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{t("common:cancel")}</Button>
        <Button tone={to === "off" ? "lead" : "danger"} disabled={busy} onClick={onTurn}>
          {t(busy ? "turning" : `confirm.button.${to}`)}
        </Button>
      </div>
    </Dialog>
  );
}
