/** A product whose default model is ours and whose only tools are the notes. */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { MODEL_NAME, Model } from "./model.mjs";

const SERVER = join(dirname(fileURLToPath(import.meta.url)), "notes-server.mjs");

/** The shape of a stack that talks to `model`. @param {Model} model */
export function talkerShape(model) {
  return {
    model: MODEL_NAME,
    env: model.environment(),
    prepare: async (/** @type {string} */ data) => {
      const file = join(data, "notes.json");
      const notes = {
        command: process.execPath,
        args: [SERVER],
        tools: { note_read: "read_only", note_list: "read_only", note_write: "mutating" },
      };
      await writeFile(file, JSON.stringify({ mcpServers: { notes } }));
      return { AZIMUTH_MCP_SERVERS: file };
    },
  };
}
