import type { ThemeChoice } from "@/app/theme";

/** A window in a theme's own colours, so that one sees what one chooses. */
export function ThemePicture({ theme }: { theme: ThemeChoice }) {
  return (
    <span aria-hidden className="mb-2.5 flex h-16 overflow-hidden rounded-md border border-line">
      {theme !== "dark" && <Half theme="light" />}
      {theme !== "light" && <Half theme="dark" />}
    </span>
  );
}

function Half({ theme }: { theme: "light" | "dark" }) {
  return (
    <span data-theme={theme} className="flex min-w-0 flex-1 gap-1.5 bg-ground p-2">
      <span className="w-1/4 space-y-1 rounded-sm bg-sunken p-1">
        <span className="block h-1 rounded-full bg-line-strong" />
        <span className="block h-1 rounded-full bg-line" />
      </span>
      <span className="flex-1 space-y-1.5 rounded-sm bg-surface p-1.5">
        <span className="block h-1.5 w-1/2 rounded-full bg-lead" />
        <span className="block h-1 rounded-full bg-line" />
        <span className="block h-1 w-3/4 rounded-full bg-line" />
      </span>
    </span>
  );
}
