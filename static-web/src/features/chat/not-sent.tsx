
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { dismissOutgoing, type Outgoing } from "./outbox";

/** A question that the API did not take: why, and the same one again on demand. */
export function NotSent({ slot, outgoing, onRetry }: { slot: string; outgoing: Outgoing; onRetry(): void }) {
  const { t } = useTranslation("chat");
  return (
    <div className="mx-auto mb-2 w-full max-w-3xl space-y-1 px-4">
      <ProblemNotice error={outgoing.error} onRetry={onRetry} />
      <div className="flex justify-between gap-3 px-1 text-xs text-ink-soft">
        <span title={outgoing.text} className="min-w-0 self-center truncate">{t("not_sent", { text: outgoing.text })}</span>
        <Button size="small" tone="quiet" onClick={() => dismissOutgoing(slot)}>
          {t("dismiss")}
        </Button>
      </div>
    </div>
  );
}
