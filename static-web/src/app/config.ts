/** What differs between environments; one build serves them all. */
export interface PortalConfig {
  /** Where the API is, without a slash at the end: `https://host/api`. */
  api_base: string;
  /** OpenID Connect issuer whose discovery document is read. */
  authority: string;
  client_id: string;
  scope: string;
  realtime: "sse" | "long_poll";
}

/** Reads `/config.json`. Throws an error that says what is wrong with it. */
export async function loadConfig(): Promise<PortalConfig> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`/config.json answers ${response.status}`);
  const value = (await response.json()) as Partial<PortalConfig>;
  for (const name of ["api_base", "authority", "client_id", "scope"] as const) {
    if (typeof value[name] !== "string" || value[name] === "") {
      throw new Error(`/config.json has no ${name}`);
    }
  }
  return {
    api_base: value.api_base!.replace(/\/+$/, ""),
    authority: value.authority!,
    client_id: value.client_id!,
    scope: value.scope!,
    realtime: value.realtime === "long_poll" ? "long_poll" : "sse",
  };
}
