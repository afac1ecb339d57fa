import { useId, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

const MAX_REASON_CHARS = 500;

/** Stores what was looked at, with a reason for the history. */
export function StoreForm({ busy, onStore }: { busy: boolean; onStore(reason: string): void }) {
  const { t } = useTranslation("admin");
  const id = useId();
  const [reason, setReason] = useState("");
  const maySend = reason.trim() !== "" && !busy;
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (maySend) onStore(reason.trim());
      }}
    >
      <div className="space-y-1.5">
        <label htmlFor={id} className="text-sm font-medium">
          {t("policies.reason")}
        </label>
        <textarea
          id={id}
          value={reason}
          maxLength={MAX_REASON_CHARS}
          rows={2}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setReason(event.target.value)}
          className="block w-full rounded-control border border-line-strong bg-surface px-3 py-2 text-sm pointer-coarse:text-base"
        />
        <p id={`${id}-hint`} className="text-xs text-ink-soft">
          {t("policies.reason_hint")}
        </p>
      </div>
      <Button type="submit" tone="lead" disabled={!maySend}>
        {t(busy ? "policies.storing" : "policies.store")}
      </Button>
    </form>
  );
}
