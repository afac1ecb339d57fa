import i18next from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import en from "@/i18n/en";
import outcomesEn from "@/i18n/en/outcomes.json";
import ko from "@/i18n/ko";
import outcomesKo from "@/i18n/ko/outcomes.json";
import type { CallLog } from "@/realtime/turn-log";

import { SecretResult } from "./secret-result";
import { markShown } from "./shown";

const LANGUAGES = { en: { ...en, outcomes: outcomesEn }, ko: { ...ko, outcomes: outcomesKo } };
const NOW = "2026-11-24T12:00:00Z";
const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();

beforeAll(async () => {
  const missing = (key: string) => {
    throw new Error(`no text ${key}`);
  };
  await i18next.init({ lng: "en", resources: LANGUAGES, interpolation: { escapeValue: false }, parseMissingKeyHandler: missing });
});

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
  vi.useFakeTimers({ now: Date.parse(NOW) });
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

async function shown(language: string, call: Partial<CallLog>): Promise<string> {
  await i18next.changeLanguage(language);
  return renderToStaticMarkup(<SecretResult call={{ id: "k0", endedAt: ago(1), note: null, ...call } as CallLog} turnId="t1" />);
}

describe.each(["en", "ko"] as const)("a secret result, in %s", (language) => {
  const { secret } = LANGUAGES[language].tools;
  const { secret_note: notes } = LANGUAGES[language].outcomes;

  it("is offered for five minutes", async () => {
    const offered = await shown(language, { endedAt: ago(4.9) });
    expect(offered).toContain(secret.once);
    expect(offered).toContain(secret.show);
    const over = await shown(language, { endedAt: ago(5) });
    expect(over).toContain(secret.expired);
    expect(over).not.toContain(secret.show);
  });

  it("is not offered again after it was shown, nor where it was not kept", async () => {
    expect(await shown(language, { note: "The result is a secret, and could not be kept for the person who asked." })).toContain(notes.not_kept);
    markShown("k0", NOW);
    const again = await shown(language, {});
    expect(again).toContain(secret.shown_at.split("{{when}}")[1]);
    expect(again).not.toContain(secret.show);
  });
});
