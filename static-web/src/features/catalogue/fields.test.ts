import { describe, expect, it } from "vitest";

import { argumentsOf, fieldAt, fieldsOf } from "./fields";

const SCHEMA = {
  type: "object",
  properties: {
    tags: { type: "array", items: { type: "string" } },
    name: { type: "string", description: "Its name." },
    count: { type: ["integer", "null"] },
    share: { type: "number" },
    force: { type: ["boolean", "null"] },
    sku: { type: "string", enum: ["a", "b"] },
    rules: { type: "array", items: { type: "object" } },
  },
  required: ["name"],
};

describe("the form of a tool", () => {
  const fields = fieldsOf(SCHEMA);

  it("has a field an argument, required ones first", () => {
    expect(fields.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      "name: text",
      "tags: list",
      "count: integer",
      "share: number",
      "force: flag",
      "sku: choice",
      "rules: json",
    ]);
    expect(fields[0]).toEqual({ name: "name", kind: "text", isRequired: true, description: "Its name.", options: [] });
    expect(fields.find(({ name }) => name === "sku")?.options).toEqual(["a", "b"]);
    expect(fieldsOf({ type: "object" })).toEqual([]);
  });

  it("sends what was filled in, each in its type", () => {
    const draft = { name: " 한 ", tags: "a\n\n b ", count: "-3", share: "1.5", force: "false", sku: "b", rules: '[{"x":1}]' };
    expect(argumentsOf(fields, draft)).toEqual({
      values: { name: " 한 ", tags: ["a", "b"], count: -3, share: 1.5, force: false, sku: "b", rules: [{ x: 1 }] },
      faults: {},
    });
    expect(argumentsOf(fields, { name: "x" }).values).toEqual({ name: "x" });
  });

  it("names what cannot be", () => {
    expect(argumentsOf(fields, { name: " ", count: "1.5", share: "many", rules: "{" }).faults).toEqual({ name: "required", count: "integer", share: "number", rules: "json" });
  });

  it("finds the field that the API means", () => {
    expect(fieldAt("/arguments/resource-group/0")).toBe("resource-group");
    expect(fieldAt("/arguments/a~1b")).toBe("a/b");
    expect(fieldAt("/arguments")).toBeNull();
  });
});
