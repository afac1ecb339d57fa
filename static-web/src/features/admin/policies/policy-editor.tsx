import { useId, type Ref } from "react";

import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

/** The API takes policies of at most so many bytes of UTF-8. */
export const MAX_BYTES = 64 * 1024;

export interface PolicyEditorProps {
  text: string;
  onChange(text: string): void;
  size: number;
  invalid: boolean;
  ref: Ref<HTMLTextAreaElement>;
}

/** The policies as text. */
export function PolicyEditor({ text, onChange, size, invalid, ref }: PolicyEditorProps) {
  const { t } = useTranslation("admin");
  const id = useId();
  const tooLong = size > MAX_BYTES;
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {t("policies.editor")}
      </label>
      <textarea
        ref={ref}
        id={id}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={`${id}-hint`}
        aria-invalid={invalid || tooLong || undefined}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        rows={22}
        className="block w-full resize-y rounded-control border border-line-strong bg-surface p-3 font-mono text-xs leading-relaxed pointer-coarse:text-base"
      />
      <p id={`${id}-hint`} className="flex flex-wrap justify-between gap-x-4 text-xs text-ink-soft">
        <span>{t("policies.editor_hint")}</span>
        <span className={tooLong ? "font-medium text-bad" : "tabular-nums"}>{t("policies.size", { size: number(size), most: number(MAX_BYTES) })}</span>
      </p>
    </div>
  );
}
