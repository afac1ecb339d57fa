import { describe, expect, it } from "vitest";

import { cellText, failureText, findFacts, findTables, isId, tableAsText } from "./tables";

const envelope = (results: unknown) => ({ status: 200, message: "Success", results, duration: 0 });

describe("findTables", () => {
  it("finds the list of the Azure MCP Server", () => {
    const [table, ...others] = findTables(
      envelope({
        Vms: [
          { id: "/subscriptions/1/resourceGroups/rg/providers/x/vm-1", zones: [], location: "koreacentral", name: "vm-1", licenseType: null },
          { id: "/subscriptions/1/resourceGroups/rg/providers/x/vm-2", zones: [], location: "koreacentral", name: "vm-2", tags: { env: "prod" } },
        ],
      }),
    );
    expect(others).toEqual([]);
    expect(table!.path).toEqual(["results", "Vms"]);
    expect(table!.rows).toHaveLength(2);
    expect(table!.columns).toEqual(["name", "location", "tags", "id", "zones", "licenseType"]);
  });

  it.each([
    ["at the top", [{ a: 1 }], [[]]],
    ["of scalars", envelope({ secrets: ["api-token", "db"] }), [["results", "secrets"]]],
    ["empty", envelope({ groups: [] }), [["results", "groups"]]],
    ["two beside each other", envelope({ vms: [{ n: 1 }], disks: [{ n: 2 }] }), [["results", "vms"], ["results", "disks"]]],
    ["deep", { a: { b: { c: { d: [{}] } } } }, [["a", "b", "c", "d"]]],
    ["too deep", { a: { b: { c: { d: { e: [{}] } } } } }, []],
    ["words of one thing", envelope({ account: { zones: ["1"] } }), []],
    ["of one thing", envelope({ account: { name: "x" } }), []],
    ["a text", "hello", []],
    ["null", null, []],
  ])("%s", (_, value, paths) => {
    expect(findTables(value).map((table) => table.path)).toEqual(paths);
  });

  it("prefers the shallowest array", () => {
    expect(findTables({ things: [{ parts: [1, 2, 3] }] }).map((table) => table.path)).toEqual([["things"]]);
  });

  it("keeps elements of every kind", () => {
    expect(findTables([{ name: "a" }, "b", null])[0]!.rows).toEqual([{ name: "a" }, { value: "b" }, { value: null }]);
  });
});

describe("findFacts", () => {
  it("gives the fields of a single thing without the envelope", () => {
    expect(findFacts(envelope({ account: { name: "x", kind: "StorageV2", zones: ["1"] } }))).toEqual([
      ["name", "x"],
      ["kind", "StorageV2"],
      ["zones", ["1"]],
    ]);
  });
  it("gives what stands beside a list", () => {
    expect(findFacts(envelope({ count: 2, things: [1, 2] }))).toEqual([["count", 2]]);
  });
  it("gives nothing of a text", () => {
    expect(findFacts("text")).toEqual([]);
  });
});

describe("failureText", () => {
  it("prefers what the service itself said", () => {
    expect(failureText({ status: 404, message: "Not found. To mitigate…", results: { message: "No such account." } })).toBe("No such account.");
    expect(failureText({ status: 403, message: "Forbidden", results: null })).toBe("Forbidden");
    expect(failureText({ error: "broken" })).toBe("broken");
  });
  it("says nothing of a success", () => {
    expect(failureText(envelope({}))).toBeNull();
    expect(failureText("text")).toBeNull();
  });
});

describe("cells", () => {
  it("are one line of text", () => {
    expect([null, undefined, "", 0, false, "a", { a: [1] }, []].map(cellText)).toEqual(["", "", "", "0", "false", "a", '{"a":[1]}', "[]"]);
  });
  it("know an id", () => {
    expect(isId("00000000-0000-4000-8000-0000000000b2")).toBe(true);
    expect(isId("/subscriptions/x/resourceGroups/rg")).toBe(true);
    expect(isId("/home/somebody")).toBe(false);
    expect(isId("rg-dev")).toBe(false);
  });
  it("stay data when they are pasted into a spreadsheet", () => {
    expect(tableAsText({ path: [], columns: ["a", "b"], rows: [{ a: "=1+1", b: "x\ty\n" }, { a: "-5" }] })).toBe("a\tb\n'=1+1\tx y \n-5\t");
  });
});
