import { describe, expect, it } from "vitest";

import { countingRoles, isSameChoice, roleChange, toggled } from "./role-choice";

const GRANTED = ["operator", "approver"];

describe("roles that an administrator lets count", () => {
  it("are all that are granted, or those of them that are chosen", () => {
    expect(countingRoles(GRANTED, null)).toEqual(GRANTED);
    expect(countingRoles(GRANTED, [])).toEqual([]);
    expect(countingRoles(GRANTED, ["approver", "admin"])).toEqual(["approver"]);
  });

  it("are the same whatever their order", () => {
    expect(isSameChoice(null, null)).toBe(true);
    expect(isSameChoice(null, [])).toBe(false);
    expect(isSameChoice(["reader", "admin"], ["admin", "reader"])).toBe(true);
    expect(isSameChoice(["reader"], ["admin"])).toBe(false);
  });

  it("come and go one by one", () => {
    expect(toggled(["reader"], "admin")).toEqual(["reader", "admin"]);
    expect(toggled(["reader", "admin"], "reader")).toEqual(["admin"]);
  });

  it("tell what a change gives and takes", () => {
    expect(roleChange(GRANTED, null, ["approver"])).toEqual({ gained: [], lost: ["operator"] });
    expect(roleChange(GRANTED, ["reader"], null)).toEqual({ gained: GRANTED, lost: [] });
    expect(roleChange(GRANTED, ["operator"], ["operator", "admin"])).toEqual({ gained: [], lost: [] });
  });
});
