import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { TurnPhase } from "@/realtime/turn-log";

const SPOKEN: Partial<Record<TurnPhase, string>> = {
  done: "announce.done",
  failed: "announce.failed",
  cancelled: "announce.cancelled",
  waiting_approval: "announce.approval",
  waiting_azure_sign_in: "announce.azure_sign_in",
};

/** Speaks once when an answer is there or somebody is waited for; never of what was over before. */
export function Announcer({ turnId, phase }: { turnId: string | undefined; phase: TurnPhase | undefined }) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const before = useRef<{ turnId: string | undefined; running: boolean }>({ turnId: undefined, running: false });
  useEffect(() => {
    if (phase === undefined) return;
    const spoken = SPOKEN[phase];
    const was = before.current;
    if (spoken === undefined) {
      before.current = { turnId, running: true };
      setText("");
    } else if (was.running && was.turnId === turnId) {
      const waiting = phase === "waiting_approval" || phase === "waiting_azure_sign_in";
      before.current = { turnId, running: waiting };
      setText(t(spoken));
    }
  }, [phase, turnId, t]);
  return (
    <div aria-live="polite" className="sr-only" data-testid="announcer">
      {text}
    </div>
  );
}
