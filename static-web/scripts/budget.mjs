// Fails the build when what a person loads first has grown over its budget.
// Sizes are gzip -9 of the files that the manifest names, in KB of 1,000 bytes.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const BUDGETS_KB = { entryAndChat: 170, firstView: 250, otherRoute: 60 };

const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));

/** The files of `keys` and of everything they import statically. */
function closure(keys) {
  const seen = new Set();
  const files = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    const chunk = manifest[key];
    if (chunk === undefined) throw new Error(`the manifest has no ${key}`);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  keys.forEach(visit);
  return files;
}

const gzipKb = (file) => gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length / 1000;
const sum = (files) => [...files].reduce((total, file) => total + gzipKb(file), 0);

const keyOf = (suffix) => {
  const key = Object.keys(manifest).find((name) => name.endsWith(suffix));
  if (key === undefined) throw new Error(`the manifest has no chunk for ${suffix}`);
  return key;
};

const entry = "index.html";
/** The page of a conversation and the one of a new one: the heavier counts. */
const CHATS = ["routes/chat.tsx", "routes/new-chat.tsx"].map(keyOf);
const heaviest = (keys) => CHATS.map((chat) => closure([entry, chat, ...keys])).reduce((a, b) => (sum(a) >= sum(b) ? a : b));
const deferred = ["oidc-client-ts", "features/sidebar/sidebar.tsx", "features/chat/markdown/render.tsx", "features/tools/tool-call.tsx", "realtime/follow.ts", "i18n/ko/index.ts"].map((part) =>
  Object.keys(manifest).find((name) => name.includes(part)),
);
if (deferred.includes(undefined)) throw new Error("a chunk of the first view is missing from the manifest");
const firstView = heaviest(deferred);

const rows = [
  ["entry + chat", sum(heaviest([])), BUDGETS_KB.entryAndChat],
  ["signed-in first view", sum(firstView), BUDGETS_KB.firstView],
];
const first = new Set(firstView);
for (const key of Object.keys(manifest)) {
  if (!/src\/routes\/(?!chat|new-chat)[a-z-]+\.tsx$/.test(key)) continue;
  const own = [...closure([key])].filter((file) => !first.has(file));
  rows.push([key.replace(/^src\/routes\//, "route "), sum(own), BUDGETS_KB.otherRoute]);
}

let over = false;
for (const [name, kb, budget] of rows) {
  const bad = kb > budget;
  over ||= bad;
  console.log(`${bad ? "OVER" : "ok  "} ${name.padEnd(28)} ${kb.toFixed(1).padStart(7)} KB gz of ${budget}`);
}
if (over) {
  console.error("A bundle budget is exceeded: defer what the first view does not need.");
  process.exit(1);
}
