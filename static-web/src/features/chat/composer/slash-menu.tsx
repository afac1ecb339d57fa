import { useInfiniteQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { useEffect, useId, useImperativeHandle, useState, type KeyboardEvent, type Ref } from "react";

import { toolsQuery } from "@/features/catalogue/queries";
import { EffectBadge } from "@/features/tools/effect-badge";
import { useTranslation } from "@/i18n/use-translation";
import { useSettled } from "@/ui/use-settled";

import { fitting } from "./slash";

export interface SlashMenuHandle {
  /** Whether the key was for the menu. */
  take(event: KeyboardEvent): boolean;
}

interface SlashMenuProps {
  /** What stands behind the slash. */
  typed: string;
  onPick(tool: string): void;
  onClose(): void;
  /** Id of the option that Enter picks. */
  onActive(id: string | null): void;
  ref: Ref<SlashMenuHandle>;
}

/** The tools that fit what stands behind a slash. The focus stays where one writes. */
export function SlashMenu({ typed, onPick, onClose, onActive, ref }: SlashMenuProps) {
  const { t } = useTranslation("chat");
  const id = useId();
  const { data } = useInfiniteQuery({ ...toolsQuery(useSettled(typed).replace(/[_.-]+/g, " ").trim()), placeholderData: (previous) => previous });
  const tools = fitting(data?.pages[0]?.items ?? [], typed);
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, tools.length - 1);
  const active = at < 0 ? null : `${id}-${at}`;
  useEffect(() => onActive(active), [active, onActive]);
  useEffect(() => () => onActive(null), [onActive]);
  useImperativeHandle(ref, () => ({
    take(event) {
      const tool = tools[at];
      if (event.key === "Escape") onClose();
      else if (tool === undefined || event.shiftKey) return false;
      else if (event.key === "ArrowDown") setChosen((at + 1) % tools.length);
      else if (event.key === "ArrowUp") setChosen((at + tools.length - 1) % tools.length);
      else if (event.key === "Enter" || event.key === "Tab") onPick(tool.tool);
      else return false;
      event.preventDefault();
      return true;
    },
  }));
  return (
    <div className="absolute inset-x-0 bottom-full z-20 mb-2 overflow-hidden rounded-card border border-line bg-raised shadow-overlay">
      <p role="status" className="sr-only">
        {data !== undefined && t(tools.length === 0 ? "slash.none" : "slash.count", { count: tools.length })}
      </p>
      {tools.length === 0 && data !== undefined && <p className="px-4 py-3 text-sm text-ink-soft">{t("slash.none")}</p>}
      <ul role="listbox" aria-label={t("slash.label")} className="empty:hidden">
        {tools.map((tool, index) => (
          <li
            key={`${tool.server}/${tool.tool}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            // The press must not take the focus out of the field.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onPick(tool.tool)}
            className={clsx("flex min-h-11 cursor-pointer items-center gap-3 px-4 py-2 text-sm", index === at && "bg-lead-soft")}
          >
            <span className="min-w-0 flex-1">
              <span className="block font-mono text-[0.8125rem] break-all">{tool.tool}</span>
              <span lang="en" title={tool.description} className="block truncate text-xs text-ink-soft">
                {tool.description}
              </span>
            </span>
            <EffectBadge effect={tool.effect} />
          </li>
        ))}
      </ul>
    </div>
  );
}
