const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address, when a person may be sent there; `null` for scripts, data and our own site's paths. */
export function safeLink(address: string | null | undefined): string | null {
  if (address == null) return null;
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
