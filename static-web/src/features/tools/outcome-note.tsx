import { clsx } from "clsx";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { CallLog, CallStatus } from "@/realtime/turn-log";

import { failureText } from "./tables";

/** Statuses that need a sentence: what is known, and what to do about it. */
const EXPLAINED: ReadonlySet<CallStatus> = new Set(["error", "unknown", "denied", "expired", "cancelled", "not_run"]);

/** How a call ended, in words, when it did not simply work. */
export function OutcomeNote({ call }: { call: Pick<CallLog, "status" | "note" | "preview"> }) {
  const { t } = useTranslation("tools");
  const failure = useMemo(() => (call.status === "error" ? failureOf(call.preview) : null), [call.status, call.preview]);
  const explained = EXPLAINED.has(call.status);
  if (!explained && call.note === null) return null;
  return (
    <div
      className={clsx(
        "space-y-1 border-l-3 py-0.5 pl-3",
        call.status === "error" ? "border-bad" : call.status === "unknown" ? "border-warn" : "border-line-strong",
      )}
    >
      {explained && <p className="font-medium">{t(`explain.${call.status}`)}</p>}
      {call.status === "unknown" && <p className="text-ink-soft">{t("explain.unknown_next")}</p>}
      {failure !== null && <p className="break-words">{failure}</p>}
      {call.note !== null && <p className="break-words text-ink-soft">{call.note}</p>}
    </div>
  );
}

function failureOf(preview: string | null): string | null {
  if (preview === null || preview === "") return null;
  try {
    return failureText(JSON.parse(preview));
  } catch {
    return null;
  }
}
