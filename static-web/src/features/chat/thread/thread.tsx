import { History } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";

import { rowKey, type Outgoing } from "../outbox";
import { QuestionBubble } from "./question";
import { StatusLine } from "./status-line";
import { stretches } from "./stretches";
import { ROOT, type ShownTurn } from "./tree";
import { TurnArticle, type TurnActions } from "./turn";
import { WhenNear } from "./when-near";

export interface ThreadProps {
  conversationId: string;
  path: readonly ShownTurn[];
  outgoing: Outgoing | undefined;
  editing: string | null;
  busy: boolean;
  actions: TurnActions;
  /** Loads what is older; missing when all is there. */
  onOlder: (() => Promise<void>) | undefined;
}

/** So many turns at the end are there from the start; those above only when they come near. */
const AT_START = 8;

/** A turn that was never seen is taken for this high. */
const GUESS_PX = 260;

/** The shown branch, and the question that is on its way. */
export function Thread({ conversationId, path, outgoing, editing, busy, actions, onOlder }: ThreadProps) {
  const { t } = useTranslation("chat");
  const sending = outgoing?.phase === "sending" ? outgoing : undefined;
  const shown = sending === undefined ? path : above(path, sending.place);
  const frame = useRef<HTMLDivElement>(null);
  const fromEnd = useRef<number | null>(null);
  const first = shown[0]?.turnId;
  const anchor = useRef(first);
  if (!shown.some((turn) => turn.turnId === anchor.current)) anchor.current = first;
  const parts = stretches(
    shown,
    shown.findIndex((turn) => turn.turnId === anchor.current),
  );
  useLayoutEffect(() => {
    // What was on the screen stays there when older turns come above it.
    const scroller = scrollerOf(frame.current);
    if (fromEnd.current !== null && scroller !== null) scroller.scrollTop = scroller.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [first]);
  const newest = new Set(shown.slice(-AT_START));
  const loadOlder = async (load: () => Promise<void>) => {
    const scroller = scrollerOf(frame.current);
    fromEnd.current = scroller === null ? null : scroller.scrollHeight - scroller.scrollTop;
    await load();
  };
  return (
    <div ref={frame} role="log" aria-live="off" aria-label={t("thread_label")} className="space-y-8">
      {onOlder !== undefined && <Older load={() => loadOlder(onOlder)} />}
      {shown.length === 0 && sending === undefined && <p className="py-12 text-center text-ink-soft">{t("empty")}</p>}
      {parts.map(({ number, turns }, part) => (
        <WhenNear
          key={number}
          id={`${conversationId} ${anchor.current} ${number}`}
          guess={turns.length * GUESS_PX}
          first={part >= parts.length - 2}
          always={turns.some((turn) => turn.turnId === editing)}
          className="space-y-8"
        >
          {turns.map((turn) => (
            <WhenNear key={rowKey(turn.turnId)} id={turn.turnId} guess={GUESS_PX} first={newest.has(turn)} always={editing === turn.turnId}>
              <TurnArticle
                conversationId={conversationId}
                turn={turn}
                path={shown}
                editing={editing === turn.turnId}
                busy={busy}
                actions={actions}
              />
            </WhenNear>
          ))}
        </WhenNear>
      ))}
      {sending !== undefined && <SendingTurn key={sending.key} text={sending.text} />}
    </div>
  );
}

function scrollerOf(element: HTMLElement | null): Element | null {
  return element?.closest(".overflow-y-auto") ?? null;
}

/** A question that the API has not taken yet. */
export function SendingTurn({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  return (
    <article aria-label={t("turn_label")} data-seq={0} data-phase="queued" className="space-y-4">
      <div className="flex flex-col items-end gap-1">
        <QuestionBubble text={text} />
        <div className="h-8" />
      </div>
      <StatusLine phase="queued" log={null} />
    </article>
  );
}

/** An alternative takes the place of what it is an alternative of. */
function above(path: readonly ShownTurn[], place: string | undefined): readonly ShownTurn[] {
  if (place === undefined) return path;
  if (place === ROOT) return [];
  const parent = path.findIndex((turn) => turn.turnId === place);
  if (parent >= 0) return path.slice(0, parent + 1);
  const sibling = path.findIndex((turn) => turn.place === place);
  return sibling < 0 ? path : path.slice(0, sibling);
}

function Older({ load }: { load(): Promise<void> }) {
  const { t } = useTranslation("chat");
  const [loading, setLoading] = useState(false);
  const run = async () => {
    setLoading(true);
    try {
      await load();
    } catch {
      toast(t("older_failed"));
    } finally {
      setLoading(false);
    }
  };
  return (
    <div className="flex justify-center">
      <Button size="small" tone="quiet" disabled={loading} onClick={() => void run()}>
        <History size={15} aria-hidden />
        {loading ? t("common:loading") : t("older")}
      </Button>
    </div>
  );
}
