/** The whole result of a call, part by part. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { apiUrl, authorizedFetch } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { ToolResultRef } from "@/api/types";

/** Large enough for few requests, small enough to show how far it is. */
const PART_BYTES = 512 * 1024;

export function useWholeResult(turnId: string, callId: string, result: ToolResultRef | null, enabled: boolean) {
  const [loadedBytes, setLoadedBytes] = useState(0);
  const query = useQuery({
    queryKey: ["result", turnId, callId, result?.sha256],
    queryFn: ({ signal }) => loadResult(`/v1/turns/${turnId}/calls/${callId}/result`, result?.size_bytes ?? 0, setLoadedBytes, signal),
    enabled: enabled && result !== null,
    staleTime: Infinity,
  });
  return { ...query, loadedBytes };
}

async function loadResult(path: string, size: number, onLoaded: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  let offset = 0;
  let total = size;
  onLoaded(0);
  do {
    const response = await authorizedFetch(new Request(apiUrl(`${path}?offset=${offset}&length=${PART_BYTES}`), { signal }));
    if (!response.ok) throw await problemOf(response);
    total = sizeOf(response.headers.get("content-range")) ?? total;
    const part = new Uint8Array(await response.arrayBuffer());
    if (part.length === 0) break;
    parts.push(part);
    offset += part.length;
    onLoaded(offset);
  } while (offset < total);
  return decode(parts, offset);
}

/** A character may lie across two parts, so they are decoded as one. */
export function decode(parts: Uint8Array[], size: number): string {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(whole);
}

/** The size in a header such as `bytes 0-9/10`. */
export function sizeOf(contentRange: string | null): number | null {
  const size = /\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return size === undefined ? null : Number(size);
}
