import { memo, useEffect, useRef, useState, type ComponentType } from "react";
import { create } from "zustand";

import { CodeBlock } from "./code-block";
import "./markdown.css";
import { splitBlocks } from "./split";

type Renderer = ComponentType<{ text: string }>;

/** Not by `lazy`: a module that is there must be used at once, without a turn through a fallback. */
const useRenderer = create<{ Renderer: Renderer | null }>(() => ({ Renderer: null }));

let loading: Promise<void> | undefined;

/** The renderer is not part of the first load; a page that will need it asks for it early. */
export function preloadMarkdown(): void {
  loading ??= import("./render").then(
    (module) => useRenderer.setState({ Renderer: module.default }),
    () => {
      // The text stands there as it is; the next page tries again.
      loading = undefined;
    },
  );
}

/** Controls of direction that show `exe.txt` where `txt.exe` stands. */
const TURNED_AROUND = /[\u202a-\u202e\u2066-\u2069]/g;

/** Text of an answer. Only the block that grows is rendered again. */
export function MarkdownText({ text, streaming = false }: { text: string; streaming?: boolean }) {
  const blocks = splitBlocks(text.replace(TURNED_AROUND, ""));
  return (
    <div className="min-w-0 break-words">
      {blocks.map((block, index) =>
        block.kind === "code" ? (
          <CodeBlock key={index} language={block.language} text={block.text} />
        ) : streaming && index === blocks.length - 1 ? (
          <GrowingBlock key={index} text={block.text} />
        ) : (
          <SettledBlock key={index} text={block.text} />
        ),
      )}
    </div>
  );
}

const SettledBlock = memo(function SettledBlock({ text }: { text: string }) {
  const Renderer = useRenderer((state) => state.Renderer);
  if (Renderer === null) return <p className="my-3 whitespace-pre-wrap first:mt-0 last:mb-0">{text}</p>;
  return <Renderer text={text} />;
});

/** A long table or list is not parsed for every frame. */
const LONG = 2_000;
const LONG_EVERY_MS = 150;

function GrowingBlock({ text }: { text: string }) {
  return <SettledBlock text={useEased(text)} />;
}

/** The text; a long one changes at most every `LONG_EVERY_MS`, and its last state always comes. */
function useEased(text: string): string {
  const shown = useRef({ text, at: 0 });
  const [, again] = useState(0);
  const now = performance.now();
  const left = text.length > LONG ? shown.current.at + LONG_EVERY_MS - now : 0;
  if (left <= 0) shown.current = { text, at: now };
  const behind = shown.current.text !== text;
  useEffect(() => {
    if (!behind) return;
    const timer = setTimeout(() => again((count) => count + 1), Math.max(0, left));
    return () => clearTimeout(timer);
  }, [behind, left, text]);
  return shown.current.text;
}
