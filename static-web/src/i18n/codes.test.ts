import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { LIMIT_NOTES, REASONS, SECRET_NOTES } from "@/features/tools/note-text";

import en from "./en";
import outcomesEn from "./en/outcomes.json";
import problemsEn from "./en/problems.json";
import ko from "./ko";
import outcomesKo from "./ko/outcomes.json";
import problemsKo from "./ko/problems.json";

/** A file of the API, whose lists are the contract: its document names codes as plain texts. */
const source = (path: string) => readFileSync(new URL(`../../../handlers/${path}`, import.meta.url), "utf8");

/** The first group of every match of `pattern` between `from` and `to`. */
function found(path: string, pattern: RegExp, from: string, to: string): string[] {
  const text = source(path);
  const start = text.indexOf(from);
  const part = text.slice(start, text.indexOf(to, start));
  const all = [...part.matchAll(pattern)].map((match) => match[1]!);
  expect(all.length, `what ${path} lists`).toBeGreaterThan(2);
  return all;
}

const ARM = /Self::\w+ => "(\w+)"/g;
const SENTENCE = /Self::\w+ => (?:\{\s*)?"([^"]+)"/g;

const LISTS = {
  "problems of requests": found("app/src/problem.rs", /^ {4}\w+ = \d+ "(\w+)"/gm, "codes! {\n", "\n}"),
  "problems of tokens": found("app/src/auth/refusal.rs", ARM, "fn as_str", "}\n    }"),
  "failures of turns": found("domain/src/turn/failure.rs", ARM, "fn as_str", "}\n    }"),
  "reasons of refusals": found("domain/src/policy.rs", ARM, "impl DenyReason", "fn sentence"),
  permissions: found("app/src/http/permissions.rs", /"([a-z_.]+)"/g, "pub const ASK", "#[cfg(test)]"),
};

describe.each([["en", en, outcomesEn, problemsEn], ["ko", ko, outcomesKo, problemsKo]] as const)("in %s", (_, texts, outcomes, problems) => {
  const known: Record<keyof typeof LISTS, object> = {
    "problems of requests": problems.code,
    "problems of tokens": problems.code,
    "failures of turns": texts.chat.failure,
    "reasons of refusals": outcomes.reason,
    permissions: texts.common.permission,
  };

  it.each(Object.keys(LISTS) as (keyof typeof LISTS)[])("all %s have a text", (list) => {
    const text = (code: string) => code.split(".").reduce<unknown>((tree, name) => (tree as Record<string, unknown> | undefined)?.[name], known[list]);
    expect(LISTS[list].filter((code) => typeof text(code) !== "string")).toEqual([]);
  });
});

describe("sentences that the API has of its own", () => {
  it("say why a call was refused", () => {
    const codes = found("domain/src/policy.rs", ARM, "impl DenyReason", "fn sentence");
    const sentences = found("domain/src/policy.rs", SENTENCE, "fn sentence", "}\n    }\n}");
    expect(REASONS).toEqual(Object.fromEntries(sentences.map((sentence, index) => [sentence, codes[index]])));
  });

  it("say that Azure takes no more for now", () => {
    const sentences = found("app/src/tools/dispatch.rs", /^(?:const \w+: &str =\s*| {4})"([^"]+)";$/gm, "/// What everybody but the asker", "/// How an attempt");
    expect(Object.keys(LIMIT_NOTES)).toEqual(sentences.filter((sentence) => /limit|takes no more/.test(sentence)));
  });

  it("say what became of a secret", () => {
    const sentences = found("app/src/tools/dispatch.rs", /^(?:const \w+: &str =\s*| {4})"([^"]+)";$/gm, "/// What everybody but the asker", "impl ");
    expect(Object.keys(SECRET_NOTES).toSorted()).toEqual(sentences.filter((sentence) => /secret/.test(sentence)).toSorted());
  });
});
