/**
 * A tool server (MCP over standard input and output) whose tools give what a hostile resource
 * could hold, and a large result.
 *
 * Invariant: standard output carries protocol and nothing else.
 */
import { createInterface } from "node:readline";

import { HOSTILE } from "./hostile.mjs";

const TOOLS = [
  { name: "note_read", description: "Reads a note that somebody else wrote.", inputSchema: { type: "object", properties: {} } },
  {
    name: "note_list",
    description: "Lists notes.",
    inputSchema: { type: "object", properties: { count: { type: "integer" } }, required: ["count"] },
  },
  {
    name: "note_write",
    description: "Writes a note.",
    inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  },
];

/** @param {string} name @param {any} args */
function call(name, args) {
  switch (name) {
    case "note_read":
      return JSON.stringify({ results: { notes: [{ name: HOSTILE, body: HOSTILE, href: "javascript:window.__pwned=1" }] } });
    case "note_list":
      return JSON.stringify({
        results: { notes: Array.from({ length: args.count }, (_, row) => ({ name: `note-${row}`, size: row * 7, tags: { 소유자: "김철수" } })) },
      });
    default:
      return JSON.stringify({ written: args.text });
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.id === undefined) return;
  const result = {
    initialize: () => ({
      protocolVersion: message.params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "notes", version: "1.0.0" },
    }),
    "tools/list": () => ({ tools: TOOLS }),
    "tools/call": () => ({ content: [{ type: "text", text: call(message.params.name, message.params.arguments ?? {}) }], isError: false }),
  }[/** @type {string} */ (message.method)];
  const answer = result === undefined ? { error: { code: -32601, message: "unknown method" } } : { result: result() };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer })}\n`);
});
