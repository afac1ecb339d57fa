import { useInfiniteQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { conversationsQuery, flatten } from "@/features/sidebar/queries";
import { useTranslation } from "@/i18n/use-translation";
import { useReturnFocus } from "@/ui/return-focus";

import { usePaletteCommands, type Command } from "./commands";
import { rank } from "./rank";

const CONVERSATIONS_SHOWN = 8;
const DEBOUNCE_MS = 200;

/** One field over pages, actions and conversations. The focus stays in it; the arrows move the choice. */
export function Palette({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const search = useDebounced(text.trim());
  const list = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: (previous) => previous });
  const conversations = useMemo(() => flatten(list.data).slice(0, CONVERSATIONS_SHOWN), [list.data]);
  const { actions, forConversation } = usePaletteCommands();
  const id = useId();
  const focus = useReturnFocus();
  const field = useRef<HTMLInputElement>(null);

  const groups = [
    { name: t("palette.actions"), commands: rank(actions, text) },
    { name: t("palette.conversations"), commands: conversations.map(forConversation) },
  ].filter((group) => group.commands.length > 0);
  const all = groups.flatMap((group) => group.commands);
  const active = Math.min(chosen, all.length - 1);

  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active, id]);

  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && all.length > 0) {
      event.preventDefault();
      setChosen((active + step + all.length) % all.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(all[active]);
    }
  };

  let index = -1;
  return (
    <Dialog.Root open onOpenChange={onClose}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade-in bg-black/45" />
        <Dialog.Content
          aria-describedby={undefined}
          onCloseAutoFocus={focus.onCloseAutoFocus}
          onOpenAutoFocus={(event) => {
            focus.onOpenAutoFocus(event);
            event.preventDefault();
            field.current?.focus();
          }}
          className="fixed top-[min(12dvh,7rem)] left-1/2 z-50 flex max-h-[70dvh] w-[min(36rem,calc(100vw-1.5rem))] -translate-x-1/2 animate-fade-in flex-col overflow-hidden rounded-card border border-line bg-raised shadow-overlay"
        >
          <Dialog.Title className="sr-only">{t("palette.title")}</Dialog.Title>
          <div className="flex items-center gap-3 border-b border-line px-4">
            <Search size={18} className="shrink-0 text-ink-faint" aria-hidden />
            <input
              ref={field}
              role="combobox"
              aria-expanded={all.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={all.length > 0 ? `${id}-${active}` : undefined}
              aria-autocomplete="list"
              aria-label={t("palette.label")}
              placeholder={t("palette.label")}
              value={text}
              maxLength={200}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => {
                setText(event.target.value);
                setChosen(0);
              }}
              onKeyDown={onKeyDown}
              className="h-13 min-w-0 flex-1 bg-transparent outline-none"
            />
          </div>
          <div id={`${id}-list`} role="listbox" aria-label={t("palette.title")} className="min-h-0 overflow-y-auto p-2">
            {groups.map((group) => (
              <div key={group.name} role="group" aria-label={group.name}>
                <div aria-hidden className="px-2.5 pt-2 pb-1 text-xs font-semibold text-ink-faint">
                  {group.name}
                </div>
                {group.commands.map((command) => {
                  index += 1;
                  const own = index;
                  return (
                    <div
                      key={command.id}
                      id={`${id}-${own}`}
                      role="option"
                      aria-selected={own === active}
                      onPointerMove={() => setChosen(own)}
                      onClick={() => run(command)}
                      className={clsx(
                        "flex min-h-10 cursor-pointer items-center gap-3 rounded-control px-2.5 text-sm pointer-coarse:min-h-11",
                        own === active && "bg-lead-soft",
                      )}
                    >
                      <command.icon size={16} className="shrink-0 text-ink-faint" aria-hidden />
                      <span title={command.label} className="min-w-0 flex-1 truncate">{command.label}</span>
                      {command.hint !== undefined && <span className="shrink-0 text-xs text-ink-faint">{command.hint}</span>}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
          <p role="status" className={all.length > 0 ? "sr-only" : "px-4 py-6 text-center text-sm text-ink-soft"}>
            {all.length === 0 && !list.isFetching ? t("palette.nothing") : ""}
          </p>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useDebounced(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
