/** What is kept of the person: taken along, and deleted. */
import { api, apiUrl, authorizedFetch, unwrap } from "@/api/client";
import { problemOf } from "@/api/problem";

import { Reading, type Progress } from "./reading";

/** The whole file; `null` when it broke off. */
export async function readMyData(signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Blob | null> {
  const response = await authorizedFetch(new Request(apiUrl("/v1/me/data"), { signal }));
  if (!response.ok) throw await problemOf(response);
  const reading = new Reading();
  const reader = response.body?.getReader();
  if (reader === undefined) return null;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) onProgress(reading.take(next.value));
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
  return reading.end();
}

/** Goes on until everything is deleted; one request deletes only so much. */
export async function deleteMyData(onDeleted: (conversations: number) => void): Promise<void> {
  for (;;) {
    const { conversations, complete } = await unwrap(api().DELETE("/v1/me/data"));
    onDeleted(conversations);
    if (complete) return;
  }
}
