/** Whether exported records are as they were written: hashes, chains, and what signed digests name. */
import { canonical } from "./canonical";

export interface Head {
  chain: string;
  seq: number;
  hash: string;
  digest: number;
}

export interface Verified {
  records: number;
  chains: number;
  /** Records whose predecessor is there too. */
  links: number;
  /** Records that a digest names. */
  sealed: number;
}

export interface Broken {
  what: "hash" | "link" | "seal";
  chain: string;
  seq: number;
  digest: number;
}

interface Line {
  chain: string;
  seq: number;
  hash: string;
  prev_hash: string;
}

/** `lines`: an NDJSON export. An auditor's holds digests too, which are no records. */
export async function verify(lines: readonly string[], heads: readonly Head[]): Promise<Verified | Broken> {
  const chains = new Map<string, Map<number, Line>>();
  let records = 0;
  for (const text of lines) {
    const line = JSON.parse(text) as Partial<Line>;
    if (!isRecord(line)) continue;
    const { chain, seq } = line;
    if (line.hash !== (await sha256(canonical(text, "hash")))) return { what: "hash", chain, seq, digest: 0 };
    records += 1;
    const known = chains.get(chain) ?? new Map<number, Line>();
    chains.set(chain, known.set(seq, line));
  }
  let links = 0;
  for (const [chain, known] of chains) {
    for (const [seq, { prev_hash }] of known) {
      const before = known.get(seq - 1);
      const isFirst = seq === 1;
      if (before === undefined && !isFirst) continue;
      if (isFirst ? !/^0{64}$/.test(prev_hash) : before?.hash !== prev_hash) return { what: "link", chain, seq, digest: 0 };
      links += 1;
    }
  }
  let sealed = 0;
  for (const { chain, seq, hash, digest } of heads) {
    const record = chains.get(chain)?.get(seq);
    if (record === undefined) continue;
    if (record.hash !== hash) return { what: "seal", chain, seq, digest };
    sealed += 1;
  }
  return { records, chains: chains.size, links, sealed };
}

function isRecord(line: Partial<Line>): line is Line {
  return typeof line.chain === "string" && typeof line.seq === "number" && typeof line.hash === "string" && typeof line.prev_hash === "string";
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
