import type { ReactNode } from "react";

import { LanguageSwitch } from "@/app/language-switch";
import { Logo } from "@/ui/logo";

/** The quiet ground of the pages around signing in. */
export function SignInFrame({ children }: { children: ReactNode }) {
  return (
    <div className="relative isolate flex min-h-dvh flex-col overflow-hidden">
      <Bearings />
      <header className="flex items-center justify-between px-4 py-3 sm:px-8 sm:py-5">
        <Logo />
        <LanguageSwitch />
      </header>
      <main id="main" tabIndex={-1} className="flex flex-1 flex-col items-center justify-center px-4 pt-2 pb-16 outline-none">
        {children}
      </main>
    </div>
  );
}

/** Circles of bearing around a north, as on a chart. Decoration. */
function Bearings() {
  const ticks = Array.from({ length: 72 }, (_, tick) => tick * 5);
  return (
    <svg
      aria-hidden
      viewBox="-500 -500 1000 1000"
      className="pointer-events-none absolute top-1/2 left-1/2 -z-10 size-[max(72rem,130vmax)] -translate-1/2 text-lead opacity-[0.11] dark:opacity-[0.16]"
      fill="none"
      stroke="currentColor"
    >
      {[190, 290, 390, 480].map((radius) => (
        <circle key={radius} r={radius} strokeWidth={radius === 390 ? 1.6 : 0.8} strokeDasharray={radius === 290 ? "2 7" : undefined} />
      ))}
      {ticks.map((angle) => (
        <line key={angle} y1={-390} y2={angle % 30 === 0 ? -372 : -382} strokeWidth={angle % 30 === 0 ? 1.6 : 0.8} transform={`rotate(${angle})`} />
      ))}
      <path d="M0-480V480M-480 0H480" strokeWidth="0.6" />
      <path d="M0 0V-480" strokeWidth="2" transform="rotate(38)" />
    </svg>
  );
}
