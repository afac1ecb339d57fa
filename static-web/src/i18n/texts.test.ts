import { describe, expect, it } from "vitest";

const namespaces = (files: Record<string, { default: Tree }>) =>
  Object.fromEntries(Object.entries(files).map(([path, { default: texts }]) => [path.replace(/^.*\/|\.json$/g, ""), texts]));
const en = namespaces(import.meta.glob("./en/*.json", { eager: true }));
const ko = namespaces(import.meta.glob("./ko/*.json", { eager: true }));

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (typeof value === "string") texts.set(path, value);
    else flatten(value, path).forEach((text, below) => texts.set(below, text));
  }
  return texts;
}

const page = Object.values(import.meta.glob<string>("../../index.html", { query: "?raw", import: "default", eager: true }))[0] ?? "";

it.each(Object.entries({ en, ko }))("the page begins with the texts of %s", (language, { chat }) => {
  for (const text of [chat?.["greeting_named"], (chat?.["first_run"] as Tree | undefined)?.["text"]]) {
    expect(page).toContain(`>${String(text).replace("{{name}}", "<span data-name></span>")}</p>`);
  }
  expect(page.match(new RegExp(`<p lang="${language}"`, "g"))).toHaveLength(2);
});

const PLURAL = /_(zero|one|two|few|many|other)$/;
const stems = (texts: Map<string, string>) => [...new Set([...texts.keys()].map((key) => key.replace(PLURAL, "")))].sort();
const placeholders = (text: string) => [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]))].sort();

describe.each(Object.keys(en))("the texts of %s", (namespace) => {
  const english = flatten(en[namespace] ?? {});
  const korean = flatten(ko[namespace] ?? {});

  it("have the same keys in both languages", () => {
    expect(stems(korean)).toEqual(stems(english));
  });

  it("have the plural forms that each language needs", () => {
    for (const [texts, language] of [[english, "en"], [korean, "ko"]] as const) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const plural = [...texts.keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, ""));
      for (const stem of new Set(plural)) {
        expect(plural.filter((key) => key === stem), `${language} ${stem}`).toHaveLength(forms.length);
      }
    }
  });

  it("are never empty", () => {
    for (const [key, text] of [...english, ...korean]) expect(text.trim(), key).not.toBe("");
  });

  it("have no Hangul in English", () => {
    for (const [key, text] of english) expect(text, key).not.toMatch(/[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]/);
  });

  it("fill in the same values", () => {
    const byStem = (texts: Map<string, string>) =>
      new Map([...texts].filter(([key]) => !/_(one|zero)$/.test(key)).map(([key, text]) => [key.replace(PLURAL, ""), placeholders(text)]));
    expect(byStem(korean)).toEqual(byStem(english));
  });
});

it("both languages have the same namespaces", () => {
  expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
});
