import { clsx } from "clsx";
import { useMemo } from "react";

import type { Finding } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import type { CallLog, CallStatus } from "@/realtime/turn-log";

import { noteKey } from "./note-text";
import { failureText } from "./tables";

const FINDINGS: ReadonlySet<string> = new Set<Finding>(["as_asked", "not_as_asked", "unclear"]);

/** Statuses that need a sentence: what is known, and what to do about it. */
const EXPLAINED: ReadonlySet<CallStatus> = new Set(["error", "unknown", "denied", "expired", "cancelled", "not_run"]);

/** How a call ended, in words, when it did not simply work. */
export function OutcomeNote({ call }: { call: Pick<CallLog, "status" | "note" | "preview" | "approval" | "checked"> }) {
  const { t } = useTranslation("outcomes");
  const failure = useMemo(() => (call.status === "error" ? failureOf(call.preview) : null), [call.status, call.preview]);
  const explained = EXPLAINED.has(call.status);
  const note = call.note === null ? null : noteKey(call.note);
  if (!explained && call.note === null) return null;
  return (
    <div
      className={clsx(
        "space-y-1 border-l-3 py-0.5 pl-3",
        call.status === "error" ? "border-bad" : call.status === "unknown" ? "border-warn" : "border-line-strong",
      )}
    >
      {explained && <p className="font-medium">{t(call.approval?.decision === "superseded" ? "explain.drifted" : `explain.${call.status}`)}</p>}
      {call.status === "unknown" && <UnknownFacts finding={call.checked?.finding ?? null} />}
      {failure !== null && <p className="break-words">{failure}</p>}
      {call.note !== null && <p className="break-words text-ink-soft">{note === null ? call.note : t(note)}</p>}
    </div>
  );
}

/** Of a call of which nobody knows how it ended: what was seen, what may still happen, what to do. */
function UnknownFacts({ finding }: { finding: Finding | null }) {
  const { t } = useTranslation("outcomes");
  const what = finding !== null && FINDINGS.has(finding) ? finding : "not_looked";
  return (
    <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[max-content_minmax(0,1fr)]">
      {(["known", "possible", "next"] as const).map((fact) => (
        <div key={fact} className="contents">
          <dt className="text-ink-soft">{t(`unknown.${fact}`)}</dt>
          <dd className="mb-1 min-w-0 sm:mb-0">{t(`unknown.${what}.${fact}`)}</dd>
        </div>
      ))}
    </dl>
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
