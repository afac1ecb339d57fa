/**
 * Runs a program in a process group of its own until standard input closes; then ends it by
 * SIGTERM, and by SIGKILL when it does not listen. A test that crashes closes the pipe too.
 *
 * Exit code: the program's; 137 when it had to be killed.
 */
import { spawn } from "node:child_process";

/** `dev` ends everything within 20 s of SIGTERM. */
const GRACE_MS = 25_000;

const [program, ...args] = process.argv.slice(2);
const child = spawn(/** @type {string} */ (program), args, { stdio: ["ignore", "inherit", "inherit"], detached: true });

child.once("error", (error) => {
  console.error(String(error));
  process.exit(127);
});
child.once("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 128)));

let ending = false;
function end() {
  if (ending || child.pid === undefined) return;
  ending = true;
  child.kill("SIGTERM");
  setTimeout(() => process.kill(-(/** @type {number} */ (child.pid)), "SIGKILL"), GRACE_MS);
}

process.stdin.resume();
process.stdin.once("end", end);
process.stdin.once("close", end);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.once(signal, end);
