/** An export while it arrives: what it holds so far, and whether it came to its end. */

export interface Progress {
  bytes: number;
  conversations: number;
}

/** The API's lines begin with their kind; the last one is of this. */
const END = "end";
const CONVERSATIONS: ReadonlySet<string> = new Set(["conversation", "console"]);

export class Reading {
  private readonly parts: Uint8Array<ArrayBuffer>[] = [];
  private readonly decoder = new TextDecoder();
  /** The beginning of a line whose end has not come. */
  private open = "";
  private bytes = 0;
  private conversations = 0;
  private lastKind = "";

  take(part: Uint8Array<ArrayBuffer>): Progress {
    this.parts.push(part);
    this.bytes += part.length;
    const lines = (this.open + this.decoder.decode(part, { stream: true })).split("\n");
    this.open = lines.pop() ?? "";
    for (const line of lines) {
      this.lastKind = /^\{"kind":"(\w+)"/.exec(line)?.[1] ?? "";
      if (CONVERSATIONS.has(this.lastKind)) this.conversations += 1;
    }
    return { bytes: this.bytes, conversations: this.conversations };
  }

  /** The whole; `null` when it was cut. */
  end(): Blob | null {
    return this.lastKind === END && this.open === "" ? new Blob(this.parts, { type: "application/x-ndjson" }) : null;
  }
}
