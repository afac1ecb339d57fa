import { useId, useState } from "react";

import { ProblemError } from "@/api/problem";
import type { Effect } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { Select } from "@/ui/select";
import { toast } from "@/ui/toast";

import { ReasonField } from "../reason-field";
import { StaleNotice } from "../stale-notice";
import { isOutdated, useSettleTool, type SeenPin } from "./queries";
import { firstChoice, toSet, type Act } from "./settle";

const EFFECTS: readonly Effect[] = ["read_only", "mutating", "destructive"];

/** What an act settles, why, and then it is sent: for the tool that is shown, and no other. */
export function SettleForm({ seen, act, onEnd }: { seen: SeenPin; act: Act; onEnd(): void }) {
  const { t } = useTranslation("admin_tools");
  const id = useId();
  // What was looked at when the form opened: a tool that changes behind it is not the one that is accepted.
  const [shown] = useState(seen);
  const [choice, setChoice] = useState(() => firstChoice(seen.pin));
  const [reason, setReason] = useState("");
  const [isMissing, setIsMissing] = useState(false);
  const settle = useSettleTool(shown);
  const pointer = settle.error instanceof ProblemError ? (settle.error.problem.pointer ?? "") : "";
  const detail = settle.error instanceof ProblemError ? settle.error.problem.detail : "";
  const save = () => {
    setIsMissing(reason.trim() === "");
    if (reason.trim() === "") return;
    settle.mutate(toSet(shown.pin, act, choice, reason.trim()), {
      onSuccess: () => {
        toast(t(`done.${act}`));
        onEnd();
      },
    });
  };
  return (
    <form
      noValidate
      className="space-y-4 rounded-control border border-line bg-surface p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!settle.isPending) save();
      }}
    >
      <p className="text-sm text-ink-soft">{t(`act_text.${act}`)}</p>
      {act === "accept" && (
        <>
          <Select
            label={t("effect")}
            description={t("effect_text")}
            value={choice.effect}
            options={EFFECTS.map((value) => ({ value, label: t(`common:effect.${value}`) }))}
            onChoose={(value) => setChoice({ ...choice, effect: value as Effect })}
          />
          <Refused when={pointer === "/accepted/effect"} detail={detail} />
          <label className="flex min-h-6 items-start gap-2.5 text-sm pointer-coarse:min-h-11">
            <input
              type="checkbox"
              checked={choice.secret}
              onChange={(event) => setChoice({ ...choice, secret: event.target.checked })}
              aria-describedby={`${id}-secret`}
              className="mt-0.5 size-4 shrink-0 accent-lead"
            />
            <span>
              {t("secret")}
              <span id={`${id}-secret`} className="block text-ink-soft">
                {t("secret_text")}
              </span>
            </span>
          </label>
          <Refused when={pointer === "/accepted/secret"} detail={detail} />
        </>
      )}
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
      {isOutdated(settle.error) ? (
        <StaleNotice text={t("outdated")} />
      ) : (
        settle.error !== null && !["/accepted/effect", "/accepted/secret"].includes(pointer) && <ProblemNotice error={settle.error} />
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone={act === "switch_off" || act === "take_back" ? "danger" : "lead"} disabled={settle.isPending || isOutdated(settle.error)}>
          {t(settle.isPending ? "storing" : `act.${act}`)}
        </Button>
        <Button onClick={onEnd}>{t("common:cancel")}</Button>
      </div>
    </form>
  );
}

function Refused({ when, detail }: { when: boolean; detail: string }) {
  if (!when) return null;
  return (
    <p role="alert" lang="en" className="text-sm font-medium text-bad">
      {detail}
    </p>
  );
}
