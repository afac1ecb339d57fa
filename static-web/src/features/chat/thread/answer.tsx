import { memo, Suspense } from "react";

import type { StepLog } from "@/realtime/turn-log";

import { ToolCall } from "../later";
import { MarkdownText } from "../markdown/markdown";

/** One step of an answer: what was said, then the tools that were called for it. */
export const AnswerStep = memo(function AnswerStep({ step, turnId, streaming }: { step: StepLog; turnId: string; streaming: boolean }) {
  return (
    <>
      {step.text !== "" && <MarkdownText text={step.text} streaming={streaming} />}
      {step.calls.map((call) => (
        <Suspense key={call.id} fallback={<div className="min-h-11 rounded-card border border-line bg-surface" />}>
          <ToolCall call={call} turnId={turnId} />
        </Suspense>
      ))}
    </>
  );
});
