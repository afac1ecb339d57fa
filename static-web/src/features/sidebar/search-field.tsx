import { Search, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";

/** As long as the API takes. */
const MAX_CHARS = 200;
const DEBOUNCE_MS = 200;

/** Tells `onSearch` what to look for once the person pauses. */
export function SearchField({ onSearch }: { onSearch(text: string): void }) {
  const { t } = useTranslation("sidebar");
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");

  useEffect(() => {
    const wanted = text.trim();
    if (wanted === "") {
      onSearch("");
      return;
    }
    const timer = setTimeout(() => onSearch(wanted), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text, onSearch]);

  return (
    <div role="search" className="relative">
      <label htmlFor={id} className="sr-only">
        {t("search.label")}
      </label>
      <Search size={16} aria-hidden className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
      <input
        ref={input}
        id={id}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        autoComplete="off"
        spellCheck={false}
        maxLength={MAX_CHARS}
        value={text}
        placeholder={t("search.placeholder")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text !== "" && !event.nativeEvent.isComposing) {
            event.preventDefault();
            event.stopPropagation();
            setText("");
          }
        }}
        className="h-10 w-full rounded-control border border-line-strong/70 bg-surface pr-9 pl-9 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
      />
      {text !== "" && (
        <button
          type="button"
          aria-label={t("search.clear")}
          title={t("search.clear")}
          onClick={() => {
            setText("");
            input.current?.focus();
          }}
          className="absolute top-1/2 right-1 flex size-8 -translate-y-1/2 items-center justify-center rounded-control text-ink-faint hover:bg-sunken hover:text-ink pointer-coarse:size-11"
        >
          <X size={15} aria-hidden />
        </button>
      )}
    </div>
  );
}
