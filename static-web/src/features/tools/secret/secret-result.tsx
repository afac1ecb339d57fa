import { Eye, Lock, LockOpen } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { ProblemError } from "@/api/problem";
import { dateTime, time } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import type { CallLog } from "@/realtime/turn-log";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { useTick } from "../elapsed";
import { noteKey } from "../note-text";
import { SecretValue } from "./secret-value";
import { markShown, useShownAt } from "./shown";
import { KEPT_MS, takeSecret } from "./take";

/**
 * What a call gave that holds a secret. The text is in this component alone, from the button that
 * shows it to the one that hides it or the end of the page, whatever comes first.
 */
export function SecretResult({ call, turnId }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  const shownAt = useShownAt(call.id);
  const [said, setSaid] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const endsAt = call.endedAt === null ? Infinity : Date.parse(call.endedAt) + KEPT_MS;
  const isOver = useTick(said === null && shownAt === null && Date.now() < endsAt, 1_000) >= endsAt;
  const note = noteKey(call.note ?? "");
  const isGone = error instanceof ProblemError && error.code === "secret_gone";
  const wasOpen = useRef(false);
  useEffect(() => {
    // The button that had the focus is gone.
    if (wasOpen.current !== (said !== null)) frame.current?.focus({ preventScroll: true });
    wasOpen.current = said !== null;
  }, [said]);

  const show = async () => {
    setBusy(true);
    setError(null);
    try {
      const taken = await takeSecret(turnId, call.id);
      markShown(call.id, new Date().toISOString());
      setSaid(taken);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div ref={frame} tabIndex={-1} role="group" aria-label={t("secret.group")} className="space-y-3 rounded-control border border-lead/40 bg-lead-soft p-3 outline-none">
      {said !== null ? (
        <>
          <Line Icon={LockOpen}>{t("secret.open")}</Line>
          <SecretValue said={said} onHide={() => setSaid(null)} />
        </>
      ) : shownAt !== null ? (
        <Line Icon={Lock}>{t("secret.shown_at", { when: dateTime(shownAt) })}</Line>
      ) : note === "secret_note.not_kept" || note === "secret_note.not_told" ? (
        <Line Icon={Lock}>{t(`outcomes:${note}`)}</Line>
      ) : isGone ? (
        <Line Icon={Lock}>{t("secret.gone")}</Line>
      ) : isOver ? (
        <Line Icon={Lock}>{t("secret.expired")}</Line>
      ) : (
        <>
          <Line Icon={Lock}>
            {t("secret.once")}
            {endsAt !== Infinity && <span className="block text-ink-soft">{t("secret.until", { time: time(new Date(endsAt)) })}</span>}
          </Line>
          <Button size="small" tone="lead" disabled={busy} onClick={() => void show()}>
            <Eye size={15} aria-hidden />
            {busy ? t("secret.showing") : t("secret.show")}
          </Button>
          {error !== null && <ProblemNotice error={error} />}
        </>
      )}
    </div>
  );
}

function Line({ Icon, children }: { Icon: typeof Lock; children: ReactNode }) {
  return (
    <div className="flex items-start gap-2">
      <Icon size={16} className="mt-0.5 shrink-0 text-lead" aria-hidden />
      <p className="min-w-0">{children}</p>
    </div>
  );
}
