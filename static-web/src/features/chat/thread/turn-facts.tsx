
import { duration, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import type { TurnLog } from "@/realtime/turn-log";

/** Which model answered, how long it took, what it cost. */
export function TurnFacts({ log }: { log: TurnLog }) {
  const { t } = useTranslation("chat");
  const { input, output } = log.usage;
  const took = log.startedAt === null || log.endedAt === null ? 0 : Date.parse(log.endedAt) - Date.parse(log.startedAt);
  const facts = [
    log.model,
    log.mode === null || log.mode === "review" ? null : t(`mode.${log.mode}.name`),
    took >= 100 ? duration(took) : null,
    input + output > 0 ? t("tokens.detail", { input: number(input), output: number(output) }) : null,
  ].filter((fact) => fact !== null);
  return <span className="ml-2">{facts.join(" · ")}</span>;
}
