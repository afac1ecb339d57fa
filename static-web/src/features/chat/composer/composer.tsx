import { ArrowUp, Square } from "lucide-react";
import { lazy, Suspense, useEffect, useId, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from "react";

import { isShortcutOn, useShortcut } from "@/app/shortcuts/use-shortcut";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { useOnline } from "@/realtime/online";
import { IconButton } from "@/ui/button";

import { keepDraft, readDraft } from "./draft";
import { byteLength, MAX_BYTES, NEAR_BYTES } from "./size";
import { slashOf } from "./slash";
import type { SlashMenuHandle } from "./slash-menu";

/** Not needed before something is typed. */
const SecretHint = lazy(() => import("./secret-hint").then((module) => ({ default: module.SecretHint })));

export interface ComposerHandle {
  /** Puts a text in and the cursor behind it. */
  offer(text: string): void;
  /** Puts back what could not be sent, unless something else was typed since. */
  giveBack(text: string): void;
  /** Takes away what has been sent after all. */
  takeBack(text: string): void;
  focus(): void;
}

export interface ComposerProps {
  /** Whose draft this is. */
  slot: string;
  /** A turn runs: one can write, not send. */
  busy: boolean;
  autoFocus?: boolean;
  onSend(text: string): void;
  /** Shown in place of the send button while there is something to stop. */
  onStop?: (() => void) | undefined;
  onEditLast?: (() => void) | undefined;
  ref?: Ref<ComposerHandle>;
}

/** Loaded with the first slash. */
const SlashMenu = lazy(() => import("./slash-menu").then((module) => ({ default: module.SlashMenu })));

/** Where questions are written. Enter sends, Shift+Enter breaks the line, an open syllable is left alone. */
export function Composer({ slot, busy, autoFocus = false, onSend, onStop, onEditLast, ref }: ComposerProps) {
  const { t } = useTranslation("chat");
  const online = useOnline();
  const hint = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => readDraft(slot));
  const menu = useRef<SlashMenuHandle>(null);
  const [menuClosed, setMenuClosed] = useState(false);
  const [active, setActive] = useState<string | null>(null);
  const typed = menuClosed ? null : slashOf(text);
  useAutosize(field, text);
  useEffect(() => setText(readDraft(slot)), [slot]);
  useEffect(() => {
    // After a question one goes on writing; a page that is only read keeps its keyboard closed.
    if (autoFocus) field.current?.focus();
  }, [autoFocus]);
  useShortcut("focus_composer", () => field.current?.focus());

  const change = (next: string) => {
    setText(next);
    setMenuClosed(false);
    keepDraft(slot, next);
  };
  useImperativeHandle(ref, () => ({
    offer(offered) {
      change(offered);
      const element = field.current;
      element?.focus();
      requestAnimationFrame(() => element?.setSelectionRange(offered.length, offered.length));
    },
    giveBack(text) {
      if (readDraft(slot) === "") change(text);
    },
    takeBack(sent) {
      if (readDraft(slot) === sent) change("");
    },
    focus: () => field.current?.focus(),
  }));

  const size = byteLength(text);
  const tooLong = size > MAX_BYTES;
  const maySend = text.trim() !== "" && !tooLong && !busy && online;
  const submit = () => {
    if (!maySend) return;
    change("");
    onSend(text);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // Enter ends a syllable that is being composed; it must not send it.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (menu.current?.take(event) === true) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && onStop !== undefined && isShortcutOn("stop")) {
      event.preventDefault();
      onStop();
    } else if (event.key === "ArrowUp" && text === "" && onEditLast !== undefined && isShortcutOn("edit_last")) {
      event.preventDefault();
      onEditLast();
    }
  };

  const note = !online ? t("composer.offline") : busy ? t("composer.busy") : t("composer.hint");
  return (
    <form
      className="relative mx-auto w-full max-w-3xl px-4"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {typed !== null && (
        <div className="absolute inset-x-4 top-0">
          <Suspense fallback={null}>
            <SlashMenu ref={menu} typed={typed} onPick={(tool) => change(`/${tool} `)} onClose={() => setMenuClosed(true)} onActive={setActive} />
          </Suspense>
        </div>
      )}
      <div className="flex items-end gap-2 rounded-card border border-line-strong bg-surface p-2 shadow-card focus-within:border-lead">
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t("composer.label")}
          aria-describedby={hint}
          aria-invalid={tooLong || undefined}
          aria-autocomplete={typed === null ? undefined : "list"}
          aria-activedescendant={active ?? undefined}
          placeholder={t("composer.placeholder")}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          className="max-h-[40dvh] min-h-10 min-w-0 flex-1 resize-none bg-transparent px-2 py-2 leading-6 outline-none pointer-coarse:min-h-11"
        />
        {onStop === undefined ? (
          <button
            type="submit"
            aria-label={t("composer.send")}
            title={t("composer.send")}
            disabled={!maySend}
            className="inline-flex size-10 shrink-0 items-center justify-center rounded-control bg-lead text-on-lead transition-colors hover:bg-lead-hover disabled:bg-sunken disabled:text-ink-faint pointer-coarse:size-11"
          >
            <ArrowUp size={19} aria-hidden />
          </button>
        ) : (
          <IconButton label={t("stop")} onClick={onStop} className="size-10 border border-line-strong text-ink">
            <Square size={14} className="fill-current" aria-hidden />
          </IconButton>
        )}
      </div>
      <Suspense fallback={null}>
        <SecretHint text={text} />
      </Suspense>
      <p id={hint} className="mt-1.5 flex min-h-5 flex-wrap justify-between gap-x-4 px-1 text-xs text-ink-soft">
        <span>{note}</span>
        {size >= NEAR_BYTES && (
          <span className={tooLong ? "font-medium text-bad" : undefined} role={tooLong ? "alert" : undefined}>
            {tooLong
              ? t("composer.too_long", { over: number(size - MAX_BYTES) })
              : t("composer.left", { left: number(MAX_BYTES - size) })}
          </span>
        )}
      </p>
    </form>
  );
}

function useAutosize(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
