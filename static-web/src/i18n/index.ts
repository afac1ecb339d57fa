/**
 * Korean and English. One language is loaded at a time; both have the same keys (a test
 * says so). Dates, numbers and lists go through `Intl` in `format.ts`.
 */
import i18next from "i18next";

export type Language = "en" | "ko";

const KEY = "azimuth.language";

export function preferredLanguage(): Language {
  const value = localStorage.getItem(KEY) ?? navigator.language;
  return /^ko\b/i.test(value) ? "ko" : "en";
}

/** Namespaces that come with the pages that need them: the first view does without. */
const LATER = {
  admin: { en: () => import("./en/admin.json"), ko: () => import("./ko/admin.json") },
  admin_servers: { en: () => import("./en/admin_servers.json"), ko: () => import("./ko/admin_servers.json") },
  admin_tools: { en: () => import("./en/admin_tools.json"), ko: () => import("./ko/admin_tools.json") },
  approvals: { en: () => import("./en/approvals.json"), ko: () => import("./ko/approvals.json") },
  audit: { en: () => import("./en/audit.json"), ko: () => import("./ko/audit.json") },
  catalogue: { en: () => import("./en/catalogue.json"), ko: () => import("./ko/catalogue.json") },
  login: { en: () => import("./en/login.json"), ko: () => import("./ko/login.json") },
  kill_switch: { en: () => import("./en/kill_switch.json"), ko: () => import("./ko/kill_switch.json") },
  models: { en: () => import("./en/models.json"), ko: () => import("./ko/models.json") },
  outcomes: { en: () => import("./en/outcomes.json"), ko: () => import("./ko/outcomes.json") },
  problems: { en: () => import("./en/problems.json"), ko: () => import("./ko/problems.json") },
  quotas: { en: () => import("./en/quotas.json"), ko: () => import("./ko/quotas.json") },
  settings: { en: () => import("./en/settings.json"), ko: () => import("./ko/settings.json") },
  usage: { en: () => import("./en/usage.json"), ko: () => import("./ko/usage.json") },
};
export type Later = keyof typeof LATER;

const needed = new Set<Later>();

async function load(language: Language): Promise<void> {
  await Promise.all([loadFirst(language), ...[...needed].map((namespace) => loadLater(language, namespace))]);
}

async function loadFirst(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "common")) return;
  const { default: bundle } = language === "ko" ? await import("./ko") : await import("./en");
  for (const [namespace, texts] of Object.entries(bundle)) {
    i18next.addResourceBundle(language, namespace, texts);
  }
}

async function loadLater(language: Language, namespace: Later): Promise<void> {
  if (i18next.hasResourceBundle(language, namespace)) return;
  const { default: texts } = await LATER[namespace][language]();
  i18next.addResourceBundle(language, namespace, texts);
}

/** Texts that are needed from now on; they come in every language that is chosen later too. */
export function loadTexts(namespace: Later): Promise<void> {
  needed.add(namespace);
  return loadLater(currentLanguage(), namespace);
}

/** Whether texts are here already. */
export const hasTexts = (namespace: Later) => i18next.hasResourceBundle(currentLanguage(), namespace);

/** Code of a page together with its texts. */
export async function withTexts<Code>(namespace: Later, code: Promise<Code>): Promise<Code> {
  const [loaded] = await Promise.all([code, loadTexts(namespace)]);
  return loaded;
}

export async function startLanguage(): Promise<void> {
  const language = preferredLanguage();
  await i18next.init({
    lng: language,
    fallbackLng: false,
    defaultNS: "common",
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export function currentLanguage(): Language {
  return i18next.language === "ko" ? "ko" : "en";
}
