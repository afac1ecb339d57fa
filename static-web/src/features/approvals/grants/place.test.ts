import { expect, it } from "vitest";

import { placeOf } from "./place";

const ID = "00000000-0000-4000-8000-0000000000b2";

it.each([
  [{ target: `${ID}/rg-dev/stdemo1`, resource_group: "rg-dev", subscription: ID }, "rg-dev/stdemo1"],
  [{ target: ID, subscription: ID }, ID],
  [{ target: null, resource_id: `/subscriptions/${ID}/resourceGroups/rg/providers/x/y/vm-1`, resource_group: "rg" }, "vm-1"],
  [{ resource_group: "rg-dev", subscription: ID }, "rg-dev"],
  [{}, "–"],
])("names %j as people do", (what, name) => {
  expect(placeOf(what)).toBe(name);
});
