import { CopyButton } from "./copy-button";

/** An identifier that is copied as a whole. */
export function CopyText({ text, label }: { text: string; label: string }) {
  return (
    <span className="flex items-center gap-1">
      <code className="min-w-0 font-mono text-[0.8125rem] break-all select-all">{text}</code>
      <CopyButton inline text={text} label={label} />
    </span>
  );
}
