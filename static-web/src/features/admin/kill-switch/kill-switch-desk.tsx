import { useState } from "react";

import { ProblemError } from "@/api/problem";
import type { KillSwitch } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

import { ReasonField } from "../reason-field";
import { StaleNotice } from "../stale-notice";
import { PositionChoice } from "./position-choice";
import { positionOf, useTurnKillSwitch, type Position } from "./queries";
import { TurnDialog } from "./turn-dialog";

/** Choose a position, say why, read what follows, turn it. */
export function KillSwitchDesk({ present, etag }: { present: KillSwitch; etag: string | null }) {
  const { t } = useTranslation("kill_switch");
  const now = positionOf(present);
  const [chosen, setChosen] = useState<Position | null>(null);
  const [reason, setReason] = useState("");
  const [isMissing, setIsMissing] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const turn = useTurnKillSwitch();
  const to = chosen ?? now;
  const isStale = turn.error instanceof ProblemError && turn.error.status === 412;

  const ask = () => {
    turn.reset();
    setIsMissing(reason.trim() === "");
    if (reason.trim() !== "") setIsAsking(true);
  };
  const confirm = () =>
    turn.mutate(
      { to, reason: reason.trim(), scope: present.scope, etag },
      {
        onSuccess: () => {
          setChosen(null);
          setReason("");
          toast(t(`done.${to}`));
        },
        onSettled: () => setIsAsking(false),
      },
    );
  return (
    <form
      className="space-y-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (to !== now) ask();
      }}
    >
      <PositionChoice value={to} onChoose={setChosen} />
      <ReasonField
        label={t("reason")}
        hint={t("reason_hint")}
        missing={isMissing ? t("reason_missing") : null}
        value={reason}
        onChange={(value) => {
          setReason(value);
          setIsMissing(false);
        }}
      />
      {isStale ? <StaleNotice text={t("stale")} /> : turn.error !== null && <ProblemNotice error={turn.error} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" tone={to === "off" ? "lead" : "danger"} disabled={to === now}>
          {t("next")}
        </Button>
        {to === now && <p className="text-sm text-ink-soft">{t("unchanged")}</p>}
      </div>
      {isAsking && <TurnDialog to={to} busy={turn.isPending} onTurn={confirm} onCancel={() => setIsAsking(false)} />}
    </form>
  );
}
