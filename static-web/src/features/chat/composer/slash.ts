/** `/tool_name` at the beginning of a question: which tools are offered for it. */
import type { Tool } from "@/api/types";

/** As many as fit above a phone's keyboard. */
const SHOWN = 5;

/** What stands behind a slash that begins the text, as long as nothing follows it. */
export function slashOf(text: string): string | null {
  return /^\/([\w.-]*)$/.exec(text)?.[1] ?? null;
}

/** A few of the tools: those whose name begins with what is typed, then those that hold it, then the others as they come. */
export function fitting(tools: readonly Tool[], typed: string): Tool[] {
  const words = typed.toLowerCase();
  const rank = ({ tool }: Tool) => (tool.startsWith(words) ? 0 : tool.includes(words) ? 1 : 2);
  return tools
    .map((tool, index) => ({ tool, index, rank: rank(tool) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, SHOWN)
    .map(({ tool }) => tool);
}
