import { clsx } from "clsx";
import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";

import type { MenuEntry, MenuProps } from "./menu";

const ITEM =
  "relative flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1 text-sm outline-none select-none data-highlighted:bg-sunken data-disabled:opacity-50 pointer-coarse:min-h-11";

export function MenuDropdown({ trigger, entries, align = "end", opensAtOnce }: MenuProps & { opensAtOnce: boolean }) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={opensAtOnce}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-[min(22rem,calc(100vw-1rem))] min-w-44 animate-fade-in overflow-y-auto rounded-control border border-line bg-raised p-1 shadow-overlay"
        >
          {entries.map((entry, index) => (
            <Entry key={index} entry={entry} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "separator":
      return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
    case "label":
      return <DropdownMenu.Label className="px-2.5 py-1.5 text-xs font-semibold text-ink-faint">{entry.text}</DropdownMenu.Label>;
    case "action":
      return (
        <DropdownMenu.Item
          className={clsx(ITEM, entry.danger === true && "text-bad")}
          disabled={entry.disabled === true}
          onSelect={() => entry.run()}
        >
          {entry.icon}
          {entry.label}
        </DropdownMenu.Item>
      );
    case "choice":
      return (
        <DropdownMenu.RadioGroup value={entry.value} onValueChange={(value) => entry.choose(value)}>
          {entry.options.map((option) => (
            <DropdownMenu.RadioItem key={option.value} value={option.value} className={clsx(ITEM, "pl-8")}>
              <DropdownMenu.ItemIndicator className="absolute left-2.5">
                <Check size={15} aria-hidden />
              </DropdownMenu.ItemIndicator>
              <span className="min-w-0">
                <span title={option.label} className="block truncate">{option.label}</span>
                {option.detail !== undefined && <span className="block text-xs text-ink-faint">{option.detail}</span>}
              </span>
            </DropdownMenu.RadioItem>
          ))}
        </DropdownMenu.RadioGroup>
      );
  }
}
