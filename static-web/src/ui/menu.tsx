import { lazy, Suspense, type ReactElement, type ReactNode } from "react";

export type MenuEntry =
  | { kind: "action"; label: string; icon?: ReactNode; danger?: boolean; disabled?: boolean; run(): void }
  | { kind: "choice"; value: string; options: { value: string; label: string; detail?: string }[]; choose(value: string): void }
  | { kind: "label"; text: string }
  | { kind: "separator" };

export interface MenuProps {
  /** A button that takes a ref and other properties, such as `IconButton`. */
  trigger: ReactElement;
  entries: MenuEntry[];
  align?: "start" | "end";
}

/** Loaded beside the page: the button is there at once, what it opens a moment later. */
const Dropdown = lazy(() => import("./menu-dropdown").then((module) => ({ default: module.MenuDropdown })));

export function Menu(props: MenuProps) {
  return (
    <Suspense fallback={props.trigger}>
      <Dropdown {...props} />
    </Suspense>
  );
}
