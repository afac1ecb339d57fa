import { Check, Copy } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";

import { useCopy } from "../use-copy";

/** Code as it is, with a button that copies it. */
export const CodeBlock = memo(function CodeBlock({ language, text }: { language: string; text: string }) {
  const { t } = useTranslation("chat");
  const { copied, copy } = useCopy();
  return (
    <div className="my-3 overflow-hidden rounded-control border border-line bg-sunken first:mt-0 last:mb-0">
      <div className="flex min-h-9 items-center justify-between gap-2 border-b border-line pr-1 pl-3 text-xs text-ink-soft">
        <span className="truncate font-mono">{language === "" ? t("code.plain") : language}</span>
        <button
          type="button"
          onClick={() => void copy(text)}
          className="inline-flex min-h-7 items-center gap-1.5 rounded-md px-2 hover:bg-surface hover:text-ink pointer-coarse:min-h-11"
        >
          {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
          {copied ? t("common:copied") : t("code.copy")}
        </button>
      </div>
      <pre tabIndex={0} role="group" aria-label={t("code.region")} className="overflow-x-auto p-3 font-mono text-[0.8125rem] leading-relaxed">
        <code>{text}</code>
      </pre>
    </div>
  );
});
