import { memo } from "react";

import { ToolCall } from "@/features/tools/tool-call";
import type { StepLog } from "@/realtime/turn-log";

import { MarkdownText } from "../markdown/markdown";

/** One step of an answer: what was said, then the tools that were called for it. */
export const AnswerStep = memo(function AnswerStep({ step, turnId, streaming }: { step: StepLog; turnId: string; streaming: boolean }) {
  return (
    <>
      {step.text !== "" && <MarkdownText text={step.text} streaming={streaming} />}
      {step.calls.map((call) => (
        <ToolCall key={call.id} call={call} turnId={turnId} />
      ))}
    </>
  );
});
