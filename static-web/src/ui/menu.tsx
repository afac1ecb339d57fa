import { cloneElement, lazy, Suspense, useState, type ReactElement, type ReactNode } from "react";

export type MenuEntry =
  | { kind: "action"; label: string; icon?: ReactNode; danger?: boolean; disabled?: boolean; run(): void }
  | { kind: "choice"; value: string; options: { value: string; label: string; detail?: string }[]; choose(value: string): void }
  | { kind: "label"; text: string }
  | { kind: "separator" };

export interface MenuProps {
  /** A button that takes a ref and other properties, such as `IconButton`. */
  trigger: ReactElement<{ onClick?: () => void }>;
  entries: MenuEntry[];
  align?: "start" | "end";
}

/** Loaded beside the page: the button is there at once, what it opens a moment later. */
const Dropdown = lazy(() => import("./menu-dropdown").then((module) => ({ default: module.MenuDropdown })));

export function Menu(props: MenuProps) {
  // Whoever was faster than the menu's code finds it open when it comes.
  const [wanted, setWanted] = useState(false);
  return (
    <Suspense fallback={cloneElement(props.trigger, { onClick: () => setWanted(true) })}>
      <Dropdown {...props} opensAtOnce={wanted} />
    </Suspense>
  );
}
