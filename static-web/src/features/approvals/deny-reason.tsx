import { Undo2, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

/** As the API counts, characters. */
const MAX_REASON = 1_000;

/** A refusal says why. */
export function DenyReason({ busy, disabled, onDeny, onBack }: { busy: boolean; disabled: boolean; onDeny(reason: string): void; onBack(): void }) {
  const { t } = useTranslation("approvals");
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);

  const send = () => {
    const said = reason.trim();
    if (said === "") {
      setMissing(true);
      field.current?.focus();
    } else onDeny(said);
  };
  return (
    <div className="space-y-2">
      <label htmlFor={id} className="block text-sm font-medium">
        {t("deny_reason")}
      </label>
      <textarea
        ref={field}
        id={id}
        value={reason}
        rows={2}
        maxLength={MAX_REASON}
        required
        aria-invalid={missing}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          setReason(event.target.value);
          setMissing(false);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
          event.stopPropagation();
          onBack();
        }}
        className="block w-full rounded-control border border-line-strong bg-surface px-3 py-2 text-sm aria-invalid:border-bad"
      />
      <p id={`${id}-hint`} className={missing ? "text-xs font-medium text-bad" : "text-xs text-ink-soft"}>
        {missing ? t("deny_reason_missing") : t("deny_reason_hint")}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button disabled={busy} onClick={onBack}>
          <Undo2 size={16} aria-hidden />
          {t("back")}
        </Button>
        <Button tone="danger" disabled={busy || disabled} onClick={send}>
          <X size={16} aria-hidden />
          {busy ? t("denying") : t("deny_confirm")}
        </Button>
      </div>
    </div>
  );
}
