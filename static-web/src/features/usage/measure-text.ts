
import { money, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import type { Measure } from "./rows";

/** A number of a measure in words; what nobody knows is said so. */
export function useMeasureText(): (value: number | null, measure: Measure) => string {
  const { t } = useTranslation("usage");
  return (value, measure) => (value === null ? (measure === "cost" ? t("cost_unknown") : "–") : measure === "cost" ? money(value) : number(value));
}
