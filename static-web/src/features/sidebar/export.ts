/** A conversation as a file: asked for with the person's token, so a link alone would not do. */
import { apiUrl, authorizedFetch } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { Conversation } from "@/api/types";
import { saveFile } from "@/features/tools/download";

export type ExportFormat = "markdown" | "json";

export async function exportConversation({ id, title }: Conversation, format: ExportFormat): Promise<void> {
  const path = `/v1/conversations/${encodeURIComponent(id)}/export?format=${format}`;
  const response = await authorizedFetch(new Request(apiUrl(path)));
  if (!response.ok) throw await problemOf(response);
  saveFile(fileName(title, format), await response.blob());
}

/** A name that every file system takes. */
export function fileName(title: string, format: ExportFormat): string {
  const cleaned = title
    .replace(/[\\/:*?"<>|\u0000-\u001f\u007f]/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^\.+|\.+$/g, "");
  const stem = [...cleaned].slice(0, 60).join("").trim() || "conversation";
  return `${stem}.${format === "markdown" ? "md" : "json"}`;
}
