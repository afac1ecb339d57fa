import { memo } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { CopyButton } from "@/ui/copy-button";

/** Code as it is, with a button that copies it. */
export const CodeBlock = memo(function CodeBlock({ language, text }: { language: string; text: string }) {
  const { t } = useTranslation("chat");
  return (
    <div className="my-3 overflow-hidden rounded-control border border-line bg-sunken first:mt-0 last:mb-0">
      <div className="flex min-h-9 items-center justify-between gap-2 border-b border-line pr-1 pl-3 text-xs text-ink-soft">
        <span className="truncate font-mono">{language === "" ? t("code.plain") : language}</span>
        <CopyButton withText label={t("code.copy")} text={text} />
      </div>
      <pre tabIndex={0} role="group" aria-label={t("code.region")} className="overflow-x-auto p-3 font-mono text-[0.8125rem] leading-relaxed">
        <code>{text}</code>
      </pre>
    </div>
  );
});
