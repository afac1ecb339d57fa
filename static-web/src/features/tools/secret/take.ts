/** The result of a call that holds a secret: the API gives it once, and so does this. */
import { apiUrl, authorizedFetch } from "@/api/client";
import { problemOf } from "@/api/problem";

/** So long the API keeps it for its asker. */
export const KEPT_MS = 5 * 60_000;

/** Takes it. Whoever gets the text has the only one there is: it must go into no store. */
export async function takeSecret(turnId: string, callId: string): Promise<string> {
  const response = await authorizedFetch(new Request(apiUrl(`/v1/turns/${turnId}/calls/${callId}/result`), { cache: "no-store" }));
  if (!response.ok) throw await problemOf(response);
  return response.text();
}

/**
 * The one secret value of what a tool said, such as that of `{"results":{"secret":{"name":"db",
 * "value":"…"}}}`; `null`: there is none or there are several, so that the whole is to be shown.
 */
export function secretValue(said: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(said);
  } catch {
    return null;
  }
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === "value" && typeof member === "string") found.push(member);
      else look(member);
    }
  };
  look(parsed);
  return found.length === 1 ? found[0]! : null;
}
