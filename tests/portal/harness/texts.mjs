/** The portal's own texts, so that no test repeats them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { REPOSITORY } from "./stack.mjs";

/** @typedef {"en" | "ko"} Language */
export const LANGUAGES = /** @type {const} */ (["en", "ko"]);

const ROOT = join(REPOSITORY, "static-web/src/i18n");

/** @type {Map<string, Record<string, unknown>>} */
const bundles = new Map();
for (const language of LANGUAGES) {
  for (const file of readdirSync(join(ROOT, language))) {
    if (!file.endsWith(".json")) continue;
    bundles.set(`${language}:${file.slice(0, -5)}`, JSON.parse(readFileSync(join(ROOT, language, file), "utf8")));
  }
}

/**
 * A text with its values filled in. `key` is `namespace:path.to.it`; without a namespace it is
 * `common`. With `count` the plural form is chosen as i18next does.
 *
 * @param {Language} language
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function text(language, key, values = {}) {
  return fill(found(language, key, values), values);
}

/**
 * The same as a pattern in which every value that is not given may be anything.
 *
 * @param {Language} language
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {RegExp}
 */
export function pattern(language, key, values = {}) {
  const parts = fill(found(language, key, values), values).split(/\{\{[^}]*\}\}/);
  return new RegExp(`^\\s*${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}\\s*$`, "s");
}

/**
 * @param {Language} language
 * @param {string} key
 * @param {Record<string, string | number>} values
 */
function found(language, key, values) {
  const [namespace, path] = key.includes(":") ? key.split(":", 2) : ["common", key];
  const bundle = bundles.get(`${language}:${namespace}`);
  const forms = typeof values["count"] === "number" ? [`_${new Intl.PluralRules(language).select(values["count"])}`, ""] : ["", "_other"];
  for (const form of forms) {
    /** @type {unknown} */
    let value = bundle;
    for (const name of `${path}${form}`.split(".")) value = /** @type {any} */ (value)?.[name];
    if (typeof value === "string") return value;
  }
  throw new Error(`the portal has no text ${key} in ${language}`);
}

/**
 * @param {string} template
 * @param {Record<string, string | number>} values
 */
function fill(template, values) {
  return template.replace(/\{\{\s*(\w+)[^}]*\}\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
