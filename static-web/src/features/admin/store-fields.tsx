import { RotateCcw } from "lucide-react";

import { ProblemError } from "@/api/problem";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { ReasonField } from "./reason-field";
import { StaleNotice } from "./stale-notice";

interface StoreFieldsProps {
  /** Namespace with `reason`, `reason_hint`, `reason_missing`, `stale`, `store`, `storing` and `discard`. */
  texts: "models" | "quotas";
  reason: string;
  isMissing: boolean;
  onReason(reason: string): void;
  /** Why it was not stored, unless that is said elsewhere. */
  error: Error | null;
  isPending: boolean;
  onDiscard(): void;
}

/** The end of a form that stores a setting: why it changes, what went wrong, store or discard. */
export function StoreFields({ texts, reason, isMissing, onReason, error, isPending, onDiscard }: StoreFieldsProps) {
  const { t } = useTranslation(texts);
  const isStale = error instanceof ProblemError && error.status === 412;
  return (
    <>
      <ReasonField label={t("reason")} hint={t("reason_hint")} missing={isMissing ? t("reason_missing") : null} value={reason} onChange={onReason} />
      {isStale ? <StaleNotice text={t("stale")} /> : error !== null && <ProblemNotice error={error} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="lead" disabled={isPending}>
          {t(isPending ? "storing" : "store")}
        </Button>
        <Button onClick={onDiscard}>
          <RotateCcw size={16} aria-hidden />
          {t("discard")}
        </Button>
      </div>
    </>
  );
}
