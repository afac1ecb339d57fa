/** A conversation as a file: asked for with the person's token, so a link alone would not do. */
import { apiUrl, authorizedFetch } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { Conversation } from "@/api/types";

export type ExportFormat = "markdown" | "json";

export async function exportConversation({ id, title }: Conversation, format: ExportFormat): Promise<void> {
  const path = `/v1/conversations/${encodeURIComponent(id)}/export?format=${format}`;
  const response = await authorizedFetch(new Request(apiUrl(path)));
  if (!response.ok) throw await problemOf(response);
  download(await response.blob(), fileName(title, format));
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

function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after this task.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
