import type { ReactNode } from "react";

import { LanguageSwitch } from "@/app/language-switch";
import { Logo } from "@/ui/logo";

/** The frame of a page that needs nobody to be signed in. */
export function BarePage({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-4 py-3 sm:px-6">
        <Logo />
        <LanguageSwitch />
      </header>
      <main id="main" tabIndex={-1} className="flex flex-1 flex-col outline-none">
        {children}
      </main>
    </div>
  );
}
