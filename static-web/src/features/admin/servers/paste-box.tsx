import { ClipboardPaste } from "lucide-react";
import { useId, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

import type { Draft } from "./draft";
import { pasted, type Pasted } from "./pasted";

/** Takes a server over from the settings of another program; of several, one is chosen. */
export function PasteBox({ onTake }: { onTake(draft: Draft): void }) {
  const { t } = useTranslation("admin_servers");
  const id = useId();
  const [text, setText] = useState("");
  const [read, setRead] = useState<Pasted | null>(null);
  const look = () => {
    const result = pasted(text);
    const only = "drafts" in result && result.drafts.length === 1 ? result.drafts[0] : undefined;
    if (only === undefined) setRead(result);
    else take(only);
  };
  const take = (draft: Draft) => {
    setText("");
    setRead(null);
    onTake(draft);
  };
  return (
    <div className="space-y-2">
      <label htmlFor={id} className="text-sm font-medium">
        {t("paste.label")}
      </label>
      <textarea
        id={id}
        rows={5}
        value={text}
        spellCheck={false}
        aria-describedby={`${id}-hint`}
        aria-invalid={read !== null && "fault" in read}
        onChange={(event) => {
          setText(event.target.value);
          setRead(null);
        }}
        className="block w-full rounded-control border border-line-strong bg-surface px-3 py-2 font-mono text-xs aria-invalid:border-bad pointer-coarse:text-base"
      />
      <p id={`${id}-hint`} className="text-xs text-ink-soft">
        {t("paste.hint")}
      </p>
      {read !== null && "fault" in read && (
        <p role="alert" className="text-sm font-medium text-bad">
          {t(`paste.${read.fault}`)}
        </p>
      )}
      {read !== null && "drafts" in read ? (
        <div role="group" aria-label={t("paste.choose")} className="flex flex-wrap items-center gap-2">
          <span className="text-sm">{t("paste.choose")}</span>
          {read.drafts.map((draft, index) => (
            <Button key={index} size="small" onClick={() => take(draft)}>
              {draft.name}
            </Button>
          ))}
        </div>
      ) : (
        <Button size="small" disabled={text.trim() === ""} onClick={look}>
          <ClipboardPaste size={15} aria-hidden />
          {t("paste.take")}
        </Button>
      )}
    </div>
  );
}
