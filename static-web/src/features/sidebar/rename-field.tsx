import { useEffect, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";

/** As long as the API takes. */
const MAX_CHARS = 120;

interface RenameFieldProps {
  title: string;
  onSave(title: string): void;
  /** `focusBack`: the person ended it with a key, so the focus belongs to the row again. */
  onDone(focusBack: boolean): void;
}

/** Enter or leaving the field saves, Escape does not. */
export function RenameField({ title, onSave, onDone }: RenameFieldProps) {
  const { t } = useTranslation("sidebar");
  const [text, setText] = useState(title);
  const input = useRef<HTMLInputElement>(null);
  const over = useRef(false);

  useEffect(() => {
    // A closing menu gives the focus back to its button first.
    const frame = requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.select();
    });
    return () => cancelAnimationFrame(frame);
  }, []);

  const end = (save: boolean, focusBack: boolean) => {
    if (over.current) return;
    over.current = true;
    const wanted = text.trim();
    if (save && wanted !== "" && wanted !== title) onSave(wanted);
    onDone(focusBack);
  };

  return (
    <input
      ref={input}
      value={text}
      maxLength={MAX_CHARS}
      aria-label={t("rename.label")}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => end(true, false)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          end(event.key === "Enter", true);
        }
      }}
      className="h-9 w-full rounded-control border border-lead bg-surface px-2 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
    />
  );
}
