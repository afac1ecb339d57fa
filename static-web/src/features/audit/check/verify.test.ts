import { describe, expect, it } from "vitest";

import { canonical } from "./canonical";
import { verify } from "./verify";

/** The first two records of a chain, as the sandbox's API exported them. */
const FIRST =
  '{"v":1,"tenant":"00000000-0000-4000-8000-000000000001","chain":"c_108b30440f89c831_2a4503380af26dd9c779e34445","id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0:1:open","seq":1,"at":1795756419891,"kind":"open","writer":"executor:01m8dprtsk6pjkf77fk3ceqas5","tid":"00000000-0000-4000-8000-000000000001","oid":"00000000-0000-4000-8000-0000000000c1","acting_identity":"user","turn_id":"t_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f","call_id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0","attempt":1,"tool":"azure/subscription_list","tool_hash":"6cbbd2abba9d59c3ce6a38cf789883f83cc87db7ccc0bdd0e8d1ef6bbb693b35","arguments":{},"target":null,"approval_digest":null,"decided_by":null,"policy_version":"281be968dbeda75bf3585e0bd25a31a3d13920376d05d0d61bce5641b307fd41","correlation_id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0_1","outcome":null,"duration_ms":null,"result_sha256":null,"detail":null,"prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","hash":"6ecaf23d84c1f8567faced1aaf6738bad78925900f386cfa9015f9bd85d0d103"}';
const SECOND =
  '{"v":1,"tenant":"00000000-0000-4000-8000-000000000001","chain":"c_108b30440f89c831_2a4503380af26dd9c779e34445","id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0:1:close","seq":2,"at":1795756422177,"kind":"close","writer":"executor:01m8dprtsk6pjkf77fk3ceqas5","tid":"00000000-0000-4000-8000-000000000001","oid":"00000000-0000-4000-8000-0000000000c1","acting_identity":"user","turn_id":"t_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f","call_id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0","attempt":1,"tool":"azure/subscription_list","tool_hash":"6cbbd2abba9d59c3ce6a38cf789883f83cc87db7ccc0bdd0e8d1ef6bbb693b35","arguments":{},"target":null,"approval_digest":null,"decided_by":null,"policy_version":"281be968dbeda75bf3585e0bd25a31a3d13920376d05d0d61bce5641b307fd41","correlation_id":"k_108b30440f89c831_2a4503380af26dd9c779e34445_c86841d5e8020a90152f_0-0_1","token_uti":"88D1v6xGniGJtk41","hosts":["management.azure.com:443"],"outcome":"ok","duration_ms":2282,"result_sha256":"01f71830803ddea477646540e4a448a24a5a900dfe0bd991e67be26b85e2a83c","detail":null,"prev_hash":"6ecaf23d84c1f8567faced1aaf6738bad78925900f386cfa9015f9bd85d0d103","hash":"6f8d4ce0ed95d67a7c3da820c72964dd428a450519e087fbf706082cd0b14e56"}';

const chain = (JSON.parse(FIRST) as { chain: string }).chain;
const hash = (JSON.parse(SECOND) as { hash: string }).hash;

describe("the one spelling", () => {
  it.each([
    ['{"b":1,"a":{"d":null,"c":[1.0,true,"x"]}}', '{"a":{"c":[1.0,true,"x"],"d":null},"b":1}'],
    [' { "hash" : "x" , "n" : 12345678901234567890 } ', '{"n":12345678901234567890}'],
    ['{"hash":1,"in":{"hash":2}}', '{"in":{"hash":2}}'],
    ['{"a\\"b":"c,}","é":"김","z":{},"y":[]}', '{"a\\"b":"c,}","y":[],"z":{},"é":"김"}'],
    ['{"\u{10000}":1,"\uffee":2}', '{"\uffee":2,"\u{10000}":1}'],
  ])("of %s", (line, spelled) => {
    expect(canonical(line, "hash")).toBe(spelled);
  });
});

describe("exported records", () => {
  it("are verified with their chain and what a digest names", async () => {
    const heads = [
      { chain, seq: 2, hash, digest: 1 },
      { chain: "another", seq: 1, hash, digest: 1 },
    ];
    expect(await verify([SECOND, '{"end":{"records":2,"digests":1}}', FIRST], heads)).toEqual({ records: 2, chains: 1, links: 2, sealed: 1 });
    expect(await verify([SECOND], [])).toEqual({ records: 1, chains: 1, links: 0, sealed: 0 });
  });

  it("that were changed are named", async () => {
    const changed = SECOND.replace(/"outcome":[^,]+/, '"outcome":"error"');
    expect(changed).not.toBe(SECOND);
    expect(await verify([FIRST, changed], [])).toEqual({ what: "hash", chain, seq: 2, digest: 0 });
  });

  it("that are others than the digest names are named", async () => {
    expect(await verify([FIRST, SECOND], [{ chain, seq: 2, hash: "0".repeat(64), digest: 7 }])).toEqual({ what: "seal", chain, seq: 2, digest: 7 });
  });

  it("that do not follow on each other are named", async () => {
    // The first one again, as if it had always been another: its own hash holds.
    const other = FIRST.replace(/"at":\d+/, '"at":1');
    const text = new TextEncoder().encode(canonical(other, "hash"));
    const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", text))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const forged = other.replace(/"hash":"[0-9a-f]{64}"\}$/, `"hash":"${digest}"}`);
    expect(await verify([forged, SECOND], [])).toEqual({ what: "link", chain, seq: 2, digest: 0 });
  });
});
