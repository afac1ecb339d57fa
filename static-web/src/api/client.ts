/**
 * The API, typed from its own document. Every request carries the bearer token; a 401 is
 * answered by one silent renewal and one repetition.
 */
import createClient, { type Client } from "openapi-fetch";

import { accessToken, renewToken } from "@/auth/session";

import { NetworkError, problemOf } from "./problem";
import type { paths } from "./schema";

let base = "";
let client: Client<paths> | undefined;

export function startApi(apiBase: string): void {
  base = apiBase;
  client = createClient<paths>({ baseUrl: apiBase, fetch: (request) => authorizedFetch(request) });
}

export function api(): Client<paths> {
  if (client === undefined) throw new Error("the API is used before startApi");
  return client;
}

/** An address of the API from a path below its root, such as `/v1/me`. */
export function apiUrl(path: string): string {
  return base + path;
}

/** `fetch` as the signed-in person. Throws `NetworkError` when nothing answers. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || !(await renewToken())) return response;
  return send(again);
}

async function send(request: Request): Promise<Response> {
  const token = await accessToken();
  if (token !== null) request.headers.set("authorization", `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new NetworkError("no answer", { cause: error });
  }
}

type Result<T> = { data?: T; response: Response; error?: unknown };

/** The body of a success; everything else is thrown as `ProblemError`. */
export async function unwrap<T>(result: Promise<Result<T>>): Promise<NonNullable<T>> {
  const { data, response, error } = await result;
  if (!response.ok) {
    // openapi-fetch has read the body already.
    const body = typeof error === "string" ? error : JSON.stringify(error ?? null);
    throw await problemOf(new Response(body, { status: response.status, headers: response.headers }));
  }
  return data as NonNullable<T>;
}

/** A body and its ETag, for `If-Match` later. */
export async function unwrapTagged<T>(
  result: Promise<Result<T>>,
): Promise<{ value: NonNullable<T>; etag: string | null }> {
  const settled = await result;
  const value = await unwrap(Promise.resolve(settled));
  return { value, etag: settled.response.headers.get("etag") };
}

/** A key for one intent of the person; a repetition of the request must reuse it. */
export function idempotencyKey(): string {
  return crypto.randomUUID();
}
