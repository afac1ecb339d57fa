import { useEffect, useRef, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import type { TurnPhase } from "@/realtime/turn-log";

import { rowKey } from "../outbox";

const SPOKEN: Partial<Record<TurnPhase, string>> = {
  done: "announce.done",
  failed: "announce.failed",
  cancelled: "announce.cancelled",
  waiting_approval: "announce.approval",
  waiting_azure_sign_in: "announce.azure_sign_in",
};

/** Turns whose end was spoken of; an answer can be there before a frame shows it running. */
const spokenOf = new Set<string>();

/** Asked in this tab, and nothing said of it yet. */
function isNews(turnId: string | undefined): turnId is string {
  return turnId !== undefined && rowKey(turnId) !== turnId && !spokenOf.has(turnId);
}

/** Speaks once when an answer is there or somebody is waited for; never of what was over before. */
export function Announcer({ turnId, phase }: { turnId: string | undefined; phase: TurnPhase | undefined }) {
  const { t } = useTranslation("chat");
  const [said, setSaid] = useState<{ of: string; text: string } | null>(null);
  const before = useRef<{ turnId: string | undefined; running: boolean }>({ turnId: undefined, running: false });
  useEffect(() => {
    if (phase === undefined) return;
    const spoken = SPOKEN[phase];
    const was = before.current;
    if (spoken === undefined) {
      before.current = { turnId, running: true };
      setSaid(null);
    } else if ((was.running && was.turnId === turnId) || isNews(turnId)) {
      const waiting = phase === "waiting_approval" || phase === "waiting_azure_sign_in";
      before.current = { turnId, running: waiting };
      if (turnId === undefined) return;
      spokenOf.add(turnId);
      setSaid({ of: turnId, text: t(spoken) });
    }
  }, [phase, turnId, t]);
  return (
    <div aria-live="polite" className="sr-only" data-testid="announcer">
      {/* The same words of another turn are news all the same. */}
      {said !== null && <span key={said.of}>{said.text}</span>}
    </div>
  );
}
