import { TriangleAlert } from "lucide-react";

/** Somebody else was faster: nothing of theirs was overwritten. */
export function StaleNotice({ text }: { text: string }) {
  return (
    <div role="alert" className="flex animate-fade-in items-start gap-2.5 rounded-control border border-warn/40 bg-warn-soft p-3 text-sm">
      <TriangleAlert size={17} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <p>{text}</p>
    </div>
  );
}
