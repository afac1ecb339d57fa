/** What Lighthouse says of a page on a phone with a slow network. */
import lighthouse from "lighthouse";

/** The median of so many runs counts. */
const RUNS = 3;

/** Name, where it stands in a report, and how many digits are told. */
const FIGURES = /** @type {const} */ ([
  ["performance", (report) => report.categories.performance.score * 100, 0],
  ["accessibility", (report) => report.categories.accessibility.score * 100, 0],
  ["best practices", (report) => report.categories["best-practices"].score * 100, 0],
  ["LCP ms", (report) => report.audits["largest-contentful-paint"].numericValue, 0],
  ["CLS", (report) => report.audits["cumulative-layout-shift"].numericValue, 3],
  ["TBT ms", (report) => report.audits["total-blocking-time"].numericValue, 0],
]);

/** @typedef {(typeof FIGURES)[number][0]} Figure */

/**
 * Prints the figures of a page with their medians, and returns these. Cookies, storage and
 * cache are emptied before each run.
 *
 * @param {string} url
 * @param {number} port of a browser's debugger
 * @returns {Promise<Record<Figure, number>>}
 */
export async function measure(url, port) {
  const { pathname } = new URL(url);
  const reports = [];
  // The first run fills what the server compresses once, and does not count.
  for (let run = 0; run <= RUNS; run += 1) {
    const result = await lighthouse(url, { port, output: "json", logLevel: "error", onlyCategories: ["performance", "accessibility", "best-practices"] });
    if (result === undefined) throw new Error("Lighthouse gave nothing");
    const { lhr } = result;
    if (!new URL(lhr.finalDisplayedUrl).pathname.startsWith(pathname)) throw new Error(`${pathname} led to ${lhr.finalDisplayedUrl}`);
    if (run > 0) reports.push(lhr);
  }
  for (const [name, audit] of Object.entries(reports.at(-1)?.audits ?? {})) {
    if (audit.score === 0 && ["accessibility", "best-practices"].some((kind) => reports[0]?.categories[kind]?.auditRefs.some(({ id }) => id === name))) console.log(`  ${name}: ${audit.title}`);
  }
  const medians = FIGURES.map(([name, of, digits]) => {
    const values = reports.map(of).toSorted((a, b) => a - b);
    const median = values[Math.floor(values.length / 2)] ?? Number.NaN;
    console.log(`${pathname.padEnd(7)} ${name.padEnd(15)} ${median.toFixed(digits).padStart(6)} (${values.map((value) => value.toFixed(digits)).join(", ")})`);
    return [name, median];
  });
  return Object.fromEntries(medians);
}
