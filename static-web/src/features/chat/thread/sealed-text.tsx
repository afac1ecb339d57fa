import { KeyRound } from "lucide-react";
import { useId, useState } from "react";

import { partsOf } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";

/** What a person asked, with a mark where a secret was taken out; a mark tells what becomes of it. */
export function SealedText({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const [told, setTold] = useState(false);
  const id = useId();
  const parts = partsOf(text);
  return (
    <>
      <p className="break-words whitespace-pre-wrap">
        {parts.map((part, index) =>
          "text" in part ? (
            part.text
          ) : (
            <button
              key={index}
              type="button"
              title={t("sealed.text")}
              aria-expanded={told}
              aria-controls={id}
              onClick={() => setTold(!told)}
              className="mx-0.5 inline-flex min-h-6 items-center gap-1 rounded-full border border-lead/50 bg-surface px-2 align-middle text-xs font-medium text-lead hover:bg-sunken"
            >
              <KeyRound size={12} aria-hidden className="shrink-0" />
              {t("sealed.chip")}
            </button>
          ),
        )}
      </p>
      <p id={id} hidden={!told} className="mt-2 border-l-3 border-lead/50 pl-3 text-sm text-ink-soft">
        {t("sealed.text")}
      </p>
    </>
  );
}
