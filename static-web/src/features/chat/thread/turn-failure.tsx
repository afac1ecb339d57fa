import { CircleAlert, RotateCw } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

/** Why a turn ended without an answer. */
export function TurnFailure({ error, onRetry }: { error: { code: string; message: string }; onRetry?: (() => void) | undefined }) {
  const { t, i18n } = useTranslation("chat");
  const key = `chat:failure.${error.code}`;
  return (
    <div role="group" aria-label={t("phase.failed")} className="flex gap-3 rounded-card border border-bad/40 bg-bad-soft p-4 text-sm">
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1 space-y-1">
        <p className="font-semibold">{i18n.exists(key) ? t(key) : error.message}</p>
        <p className="text-xs text-ink-soft">
          {t("failure_code")} <code className="font-mono select-all">{error.code}</code>
        </p>
        {onRetry !== undefined && (
          <Button size="small" className="mt-2" onClick={onRetry}>
            <RotateCw size={14} aria-hidden />
            {t("answer.retry")}
          </Button>
        )}
      </div>
    </div>
  );
}
