import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, describe, expect, it } from "vitest";

import en from "@/i18n/en";
import outcomesEn from "@/i18n/en/outcomes.json";
import ko from "@/i18n/ko";
import outcomesKo from "@/i18n/ko/outcomes.json";
import type { CallLog } from "@/realtime/turn-log";

import { OutcomeNote } from "./outcome-note";

const LANGUAGES = { en: { ...en, outcomes: outcomesEn }, ko: { ...ko, outcomes: outcomesKo } };

beforeAll(async () => {
  const missing = (key: string) => {
    throw new Error(`no text ${key}`);
  };
  await i18next.init({ lng: "en", resources: LANGUAGES, interpolation: { escapeValue: false }, parseMissingKeyHandler: missing });
});

async function shown(language: string, call: Partial<CallLog>): Promise<string> {
  await i18next.changeLanguage(language);
  return renderToStaticMarkup(<OutcomeNote call={{ status: "unknown", note: null, preview: null, approval: null, checked: null, ...call }} />);
}

describe.each(["en", "ko"] as const)("how a call ended, in %s", (language) => {
  const { unknown, explain } = LANGUAGES[language].outcomes;

  it.each(["as_asked", "not_as_asked", "unclear"] as const)("says what a look found, what may be and what to do: %s", async (finding) => {
    const markup = await shown(language, { checked: { finding, at: "2026-11-24T00:00:00Z" } });
    for (const text of Object.values(unknown[finding])) expect(markup).toContain(text);
  });

  it.each([null, { finding: "guessed" as never, at: "2026-11-24T00:00:00Z" }])("says that nobody knows: %j", async (checked) => {
    const markup = await shown(language, { checked });
    for (const text of Object.values(unknown.not_looked)) expect(markup).toContain(text);
  });

  it("says that a yes was lost, not just that it was not allowed", async () => {
    const approval = { decision: "superseded" } as CallLog["approval"];
    expect(await shown(language, { status: "denied", approval })).toContain(explain.drifted);
    expect(await shown(language, { status: "denied" })).toContain(explain.denied);
  });
});
