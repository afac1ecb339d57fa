/**
 * The real product, started by `xtask dev` in a folder of its own and ended by its pid.
 *
 * Invariant: whatever happens to this process, nothing stays behind: a guardian process holds
 * the other end of a pipe and ends `dev` when that closes.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
export const REPOSITORY = resolve(HERE, "../../..");

/** Variables of these tests: the handler refuses names that it does not know. */
const OURS = ["AZIMUTH_XTASK", "AZIMUTH_CHROMIUM", "AZIMUTH_SEED", "AZIMUTH_GALLERY_DIR"];

/** A slow machine that unpacks the Azure MCP Server for the first time included. */
const READY_WITHIN_MS = 120_000;
/** `dev` promises 20 s. */
const END_WITHIN_MS = 30_000;

/**
 * @typedef {object} Stack
 * @property {string} portal origin, such as `http://127.0.0.1:4280`
 * @property {string} api origin of the host
 * @property {string} sandbox origin of the sandbox's control port
 * @property {string} data folder of the instance
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the product and waits until it is ready.
 *
 * @param {object} [shape]
 * @param {Record<string, string>} [shape.env] further variables of the handler
 * @param {string} [shape.model] name of the default model
 * @param {(data: string) => Promise<Record<string, string>>} [shape.prepare] called with the
 *   instance's folder before the start; gives further variables
 * @returns {Promise<Stack>}
 */
export async function startStack({ env = {}, model, prepare } = {}) {
  const data = await mkdtemp(join(tmpdir(), "azimuth-portal-"));
  const prepared = prepare === undefined ? {} : await prepare(data);
  const xtask = process.env["AZIMUTH_XTASK"] ?? join(REPOSITORY, "target/debug/xtask");
  const args = ["dev", "--no-build", "--data", data, "--api-port", "0", "--portal-port", "0"];
  if (model !== undefined) args.push("--model", model);

  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.includes(name)));
  const guardian = spawn(process.execPath, [join(HERE, "guardian.mjs"), xtask, ...args], {
    cwd: REPOSITORY,
    env: { ...inherited, AZIMUTH_QUOTAS: "off", ...env, ...prepared },
    stdio: ["pipe", "pipe", "pipe"],
    // A Ctrl-C on the terminal reaches this process, which then ends the guardian in order.
    detached: true,
  });
  let said = "";
  const hear = (/** @type {Buffer} */ chunk) => {
    said = (said + chunk.toString()).slice(-8_000);
  };
  guardian.stdout.on("data", hear);
  guardian.stderr.on("data", hear);
  const ended = new Promise((done) => guardian.once("exit", (code) => done(code)));

  const stop = async () => {
    guardian.stdin.end();
    const code = await within(ended, END_WITHIN_MS, "dev ends");
    await rm(data, { recursive: true, force: true });
    if (code !== 0) throw new Error(`dev ended with ${code}:\n${said}`);
  };

  try {
    await within(
      new Promise((done, fail) => {
        guardian.stdout.on("data", () => {
          if (/^ready /m.test(said)) done(undefined);
        });
        void ended.then((code) => fail(new Error(`dev ended with ${code} before it was ready:\n${said}`)));
      }),
      READY_WITHIN_MS,
      "dev is ready",
    );
    const description = JSON.parse(await readFile(join(data, "dev.json"), "utf8"));
    return { portal: description.portal, api: description.api, sandbox: description.sandbox, data, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw new Error(`${error instanceof Error ? error.message : error}\n${said}`, { cause: error });
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what
 * @returns {Promise<T>}
 */
export async function within(promise, ms, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
