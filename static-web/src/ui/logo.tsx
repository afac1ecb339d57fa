/** The mark and the name. */
export function Logo({ withName = true }: { withName?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold">
      <svg viewBox="0 0 32 32" className="size-7" role="img" aria-label={withName ? undefined : "Azimuth"} aria-hidden={withName}>
        <rect width="32" height="32" rx="8" fill="#0b5cad" />
        <path d="M16 5.5 24.5 26 16 21.2 7.5 26Z" fill="#fff" />
        <path d="M16 5.5V21.2L7.5 26Z" fill="#bcdcff" />
      </svg>
      {withName && <span className="text-lg tracking-tight">Azimuth</span>}
    </span>
  );
}
