import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, describe, expect, it } from "vitest";

import type { Preview } from "@/api/types";
import firstEn from "@/i18n/en";
import approvalsEn from "@/i18n/en/approvals.json";
import firstKo from "@/i18n/ko";
import approvalsKo from "@/i18n/ko/approvals.json";

import { ChangePreview } from "./change-preview";
import { FIELD_NAMES, fieldName } from "./field-name";
import { undoArguments } from "./undo";

beforeAll(async () => {
  // A text that is missing is an error, not its key on the screen.
  const missing = (key: string) => {
    throw new Error(`no text ${key}`);
  };
  await i18next.init({ lng: "en", resources: { en: { ...firstEn, approvals: approvalsEn }, ko: { ...firstKo, approvals: approvalsKo } }, interpolation: { escapeValue: false }, parseMissingKeyHandler: missing });
});

const create: Preview = {
  action: "create",
  resource: "b2/rg-dev/stdemo1",
  fields: [
    { name: "location", old: null, new: "koreacentral" },
    { name: "sku", old: null, new: "Standard_LRS" },
  ],
  resources: 1,
  undo: null,
};
const stop: Preview = {
  action: "change",
  resource: "b2/rg-dev/vm-dev-1",
  fields: [{ name: "power state", old: "running", new: "deallocated" }],
  resources: 1,
  undo: { tool: "compute_vm_power-state", arguments: { "vm-name": "vm-dev-1", "resource-group": "rg-dev", "power-action": "start" } as never },
};
const remove: Preview = {
  action: "delete",
  resource: "b2/rg-dev/vm-dev-2",
  fields: [{ name: "operating system", old: "Linux", new: null }],
  resources: 1,
  undo: null,
};

async function shown(preview: Preview | null, preview_state = "shown", language = "en"): Promise<string> {
  await i18next.changeLanguage(language);
  const args = { "vm-name": "vm-dev-1", "resource-group": "rg-dev", "power-action": "deallocate" };
  const markup = renderToStaticMarkup(<ChangePreview approval={{ server: "azure", arguments: args, preview, preview_state }} />);
  return markup
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

describe("the preview of a change", () => {
  it("says what is made", async () => {
    expect(await shown(create)).toBe(
      "What would change + Create rg-dev / stdemo1 1 resource What would change Field Value + set: location koreacentral + set: SKU Standard_LRS There is no undo plan for this.",
    );
  });

  it("says what becomes of what, and how it is taken back", async () => {
    const text = await shown(stop);
    expect(text).toContain("~ Change rg-dev / vm-dev-1 1 resource");
    expect(text).toContain("~ changed: power state running → becomes deallocated");
    expect(text).toContain("Undo: Start virtual machine vm-dev-1 in resource group rg-dev with azure.compute_vm_power-state (power-action: start)");
  });

  it("says what goes, and that it does not come back", async () => {
    const text = await shown(remove);
    expect(text).toContain("− Delete rg-dev / vm-dev-2");
    expect(text).toContain("− removed: operating system Linux");
    expect(text).toContain("There is no undo for a deletion.");
  });

  it("speaks Korean", async () => {
    expect(await shown(create, "shown", "ko")).toContain("+ 생성 rg-dev / stdemo1 리소스 1개");
    expect(await shown(create, "shown", "ko")).toContain("+ 설정: 위치 koreacentral");
    expect(await shown(stop, "shown", "ko")).toContain("되돌리는 방법: 가상 머신 vm-dev-1 시작 (리소스 그룹 rg-dev)");
    expect(await shown(remove, "shown", "ko")).toContain("삭제는 되돌릴 수 없습니다.");
  });

  it.each([
    ["nothing", "en", "Nothing would change"],
    ["nothing", "ko", "변경될 내용이 없습니다"],
    ["missing", "en", "It does not exist"],
    ["missing", "ko", "대상 리소스가 없어"],
  ] as const)("says that there is %s to change, in %s", async (action, language, sentence) => {
    const text = await shown({ action, resource: "x", fields: [], resources: 0, undo: null }, "shown", language);
    expect(text).toContain(sentence);
    expect(text).not.toContain("0");
    expect(text.toLowerCase()).not.toContain("undo");
  });

  it.each([
    [null, "none", "This tool has no preview"],
    [null, "failed", "could not be read"],
    [null, "late", "took too long"],
    [null, "shown", "too old to show it"],
    [{ ...create, action: "merge" } as unknown as Preview, "shown", "too old to show it"],
    [null, "asleep", "too old to show it"],
  ])("says why there is none: %j %s", async (preview, state, sentence) => {
    expect(await shown(preview, state)).toContain(sentence);
    expect(await shown(preview, state, "ko")).toMatch(/미리 보기/);
  });

  it("keeps the name of a field that it does not know", async () => {
    expect(await shown({ ...create, fields: [{ name: "toString", old: null, new: "x" }] })).toContain("toString x");
  });
});

it("every field of the catalogue has a name in both languages", () => {
  for (const name of FIELD_NAMES) {
    const key = fieldName(name)!;
    expect(approvalsEn.preview.fields[key]).toBeTruthy();
    expect(approvalsKo.preview.fields[key]).toBeTruthy();
  }
});

it("an undo is told by what is different", () => {
  expect(undoArguments({ a: "1", b: "x" }, { a: "1", b: "y" })).toEqual([["b", "y"]]);
  expect(undoArguments({ a: "1", c: true }, { a: "1" })).toEqual([["a", "1"]]);
  expect(undoArguments({}, { count: 2 })).toEqual([["count", "2"]]);
});
