import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** An answer that is not a success: RFC 9457, or as much of one as could be had. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly problem: Problem,
    /** Seconds, of 429 and 503. */
    readonly retryAfter: number | null = null,
  ) {
    super(problem.detail || problem.title);
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** The request did not reach the API, or its answer did not reach us. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

export async function problemOf(response: Response): Promise<ProblemError> {
  const requestId = response.headers.get("x-request-id") ?? "";
  const after = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(after) && after > 0 ? after : null;
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // Something between us and the API answered in its own words.
  }
  return new ProblemError(
    {
      type: "about:blank",
      title: response.statusText || `HTTP ${response.status}`,
      detail: "",
      code: `http_${response.status}`,
      ...problem,
      status: response.status,
      request_id: problem.request_id ?? requestId,
    },
    retryAfter,
  );
}
