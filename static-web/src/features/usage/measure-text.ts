
import { currentLanguage } from "@/i18n";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import type { Measure } from "./rows";

/** Millionths of a currency that only the deployment knows. */
export function cost(micros: number): string {
  return new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: 2, maximumFractionDigits: micros < 10_000 ? 6 : 2 }).format(micros / 1_000_000);
}

/** A number of a measure in words; what nobody knows is said so. */
export function useMeasureText(): (value: number | null, measure: Measure) => string {
  const { t } = useTranslation("usage");
  return (value, measure) => (value === null ? (measure === "cost" ? t("cost_unknown") : "–") : measure === "cost" ? cost(value) : number(value));
}
