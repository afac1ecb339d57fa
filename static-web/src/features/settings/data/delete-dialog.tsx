import { useId, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

/** Nothing is deleted before the word is typed. */
export function DeleteDialog({ onDelete, onCancel }: { onDelete(): void; onCancel(): void }) {
  const { t } = useTranslation("settings");
  const id = useId();
  const [typed, setTyped] = useState("");
  const isTyped = typed.trim().toLowerCase() === t("data.word").toLowerCase();
  return (
    <Dialog open onOpenChange={onCancel} title={t("data.confirm_title")} description={t("data.confirm_text")}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isTyped) onDelete();
        }}
      >
        <div className="space-y-1.5">
          <label htmlFor={id} className="block text-sm">
            {t("data.type")} <code className="rounded bg-sunken px-1.5 py-0.5 font-mono select-all">{t("data.word")}</code>
          </label>
          <input
            id={id}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            className="min-h-10 w-full max-w-sm rounded-control border border-line-strong bg-surface px-3 text-sm pointer-coarse:min-h-11 pointer-coarse:text-base"
          />
        </div>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onCancel}>{t("common:cancel")}</Button>
          <Button type="submit" tone="danger" disabled={!isTyped}>
            {t("data.confirm")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
