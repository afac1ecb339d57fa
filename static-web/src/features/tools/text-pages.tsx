import { useState } from "react";

import { bytes } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

/** Characters that are put on the page at a time; a browser lays out no more without a halt. */
const PAGE = 32 * 1024;

/** A text of any length, without markup of any kind. */
export function TextPages({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation("tools");
  const [shown, setShown] = useState(PAGE);
  return (
    <div className="space-y-2">
      <pre
        role="region"
        aria-label={label}
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-control bg-sunken p-3 font-mono text-xs leading-relaxed break-words whitespace-pre-wrap"
      >
        {text.slice(0, shown)}
      </pre>
      {text.length > shown && (
        <div className="flex flex-wrap items-center gap-3">
          <span className="text-xs text-ink-soft">{t("text_shown", { shown: bytes(shown), size: bytes(text.length) })}</span>
          <Button size="small" onClick={() => setShown(shown + PAGE)}>
            {t("show_more_text")}
          </Button>
        </div>
      )}
    </div>
  );
}
