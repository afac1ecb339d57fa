import { Pencil } from "lucide-react";
import { lazy, memo, Suspense } from "react";

import { holdsSealed } from "@/features/tools/secret/sealed";
import { useTranslation } from "@/i18n/use-translation";
import { IconButton } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";

/** Seldom more than one. */
const BranchSwitch = lazy(() => import("./branch-switch").then((module) => ({ default: module.BranchSwitch })));

/** Loaded when the first question is edited. */
const QuestionEditor = lazy(() => import("./question-editor").then((module) => ({ default: module.QuestionEditor })));

/** Few questions hold a secret. */
const SealedText = lazy(() => import("./sealed-text").then((module) => ({ default: module.SealedText })));

export interface QuestionProps {
  turnId: string;
  text: string;
  siblings: readonly string[];
  editing: boolean;
  /** A turn runs: nothing can be sent. */
  busy: boolean;
  onEdit(editing: boolean): void;
  onSend(text: string): void;
  onChooseBranch(turnId: string): void;
}

/** What the person asked. */
export const Question = memo(function Question(props: QuestionProps) {
  const { t } = useTranslation("chat");
  const { turnId, text, siblings, editing, busy } = props;
  if (editing) {
    return (
      <Suspense fallback={null}>
        <QuestionEditor text={text} busy={busy} onCancel={() => props.onEdit(false)} onSend={props.onSend} />
      </Suspense>
    );
  }
  return (
    <div className="flex flex-col items-end gap-1">
      <QuestionBubble text={text} />
      <div className="-mr-2 flex flex-wrap items-center justify-end gap-0.5">
        {siblings.length > 1 && (
          <Suspense fallback={null}>
            <BranchSwitch siblings={siblings} current={turnId} onChoose={props.onChooseBranch} />
          </Suspense>
        )}
        <CopyButton text={text} label={t("question.copy")} />
        <IconButton label={t("question.edit")} onClick={() => props.onEdit(true)}>
          <Pencil size={15} aria-hidden />
        </IconButton>
      </div>
    </div>
  );
});

export function QuestionBubble({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  return (
    <div className="max-w-[85%] min-w-0 rounded-card rounded-br-sm bg-lead-soft px-4 py-2.5">
      {/* One heading for each turn: that is how one goes through a conversation by ear. */}
      <h2 className="sr-only">{t("question.you")}</h2>
      {holdsSealed(text) ? (
        <Suspense fallback={<p className="break-words whitespace-pre-wrap">{text}</p>}>
          <SealedText text={text} />
        </Suspense>
      ) : (
        <p className="break-words whitespace-pre-wrap">{text}</p>
      )}
    </div>
  );
}
