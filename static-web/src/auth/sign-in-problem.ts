/** What went wrong at the issuer, in terms that a person can act on. */

export type SignInReason = "access_denied" | "expired" | "interaction_required" | "unavailable" | "unknown";

export interface SignInProblem {
  reason: SignInReason;
  /** What the issuer said, without its identifiers; only when there is no better text. */
  detail: string;
  /** The issuer's name for the request. */
  requestId: string;
}

const ID = /\b(?:Trace|Correlation) ID:\s*([0-9a-f-]{8,})/i;

export function signInProblem(error: unknown): SignInProblem {
  const { name, message, error: code, error_description: description } = (error ?? {}) as Record<string, string | undefined>;
  const said = description ?? message ?? "";
  return {
    reason: reasonOf(name ?? "", code ?? "", said),
    detail: said.replace(/\s*(?:Trace ID|Correlation ID|Timestamp):.*$/is, "").trim(),
    requestId: ID.exec(said)?.[1] ?? "",
  };
}

function reasonOf(name: string, code: string, said: string): SignInReason {
  if (code === "access_denied") return "access_denied";
  if (code === "interaction_required" || code === "login_required" || code === "consent_required") return "interaction_required";
  if (code === "invalid_grant" || /no (matching )?state/i.test(said)) return "expired";
  if (code === "temporarily_unavailable" || code === "server_error" || isNetworkFailure(name)) return "unavailable";
  return "unknown";
}

/** What `fetch` and oidc-client-ts throw when nobody answers. */
export function isNetworkFailure(name: string): boolean {
  return name === "TypeError" || name === "ErrorTimeout" || name === "TimeoutError";
}
