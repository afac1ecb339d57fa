import { useEffect, useRef, useState } from "react";

import { holdsSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

import { SecretHint } from "../composer/secret-hint";
import { byteLength, MAX_BYTES } from "../composer/size";

/** Changes a question in its place; sending it makes a branch, the old one stays. */
export function QuestionEditor({ text, busy, onCancel, onSend }: { text: string; busy: boolean; onCancel(): void; onSend(text: string): void }) {
  const { t } = useTranslation("chat");
  const [draft, setDraft] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [text]);
  const tooLong = byteLength(draft) > MAX_BYTES;
  const maySend = !busy && draft.trim() !== "" && !tooLong;
  return (
    <form
      className="ml-auto w-full rounded-card border border-lead bg-surface p-3 shadow-card"
      onSubmit={(event) => {
        event.preventDefault();
        if (maySend) onSend(draft);
      }}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing || event.keyCode === 229) return;
        if (event.key === "Escape") {
          // It ends the editing, not the turn.
          event.preventDefault();
          event.stopPropagation();
          onCancel();
        } else if (event.key === "Enter" && !event.shiftKey && event.target === field.current) {
          event.preventDefault();
          if (maySend) onSend(draft);
        }
      }}
    >
      <textarea
        ref={field}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        aria-label={t("question.edit_label")}
        aria-invalid={tooLong || undefined}
        rows={Math.min(10, draft.split("\n").length + 1)}
        className="w-full resize-none bg-transparent outline-none"
      />
      {holdsSealed(draft) && <p className="mt-2 text-sm text-warn">{t("sealed.again")}</p>}
      <SecretHint text={draft} />
      <div className="mt-2 flex flex-wrap items-center justify-end gap-2">
        <span className="mr-auto text-xs text-ink-soft">{tooLong ? t("question.too_long") : t("question.edit_hint")}</span>
        <Button size="small" onClick={onCancel}>
          {t("common:cancel")}
        </Button>
        <Button size="small" tone="lead" type="submit" disabled={!maySend}>
          {t("question.send")}
        </Button>
      </div>
    </form>
  );
}
