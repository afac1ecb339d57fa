
import type { KnownQuota } from "@/api/types";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { faultOf, type Group } from "./draft";

export interface LimitFieldProps {
  quota: KnownQuota;
  group: Group;
  text: string;
  /** What the API said about it. */
  refused: string | null;
  onChange(text: string): void;
}

export const fieldId = (group: Group, name: string) => `limit-${group}-${name}`;

/** One limit: empty is the default, which is said beside it. */
export function LimitField({ quota, group, text, refused, onChange }: LimitFieldProps) {
  const { t } = useTranslation("quotas");
  const id = fieldId(group, quota.name);
  const range = { least: number(quota.least), most: number(quota.most) };
  const fault = faultOf(text, quota);
  const said = fault !== null ? t(`fault.${fault}`, range) : refused;
  const standard = group === "person" ? number(quota.person) : group !== "tenant" ? t("as_person") : quota.tenant == null ? t("no_limit") : number(quota.tenant);
  return (
    <div className="grid items-start gap-x-4 gap-y-1 py-3 sm:grid-cols-[1fr_14rem]">
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm font-medium">
          {t(`limit.${quota.name}`, { defaultValue: quota.name })}
        </label>
        <p id={`${id}-hint`} className="text-xs text-ink-soft">
          {t("default", { limit: standard })} · {t("range", range)}
        </p>
      </div>
      <div>
        <input
          id={id}
          value={text}
          inputMode="numeric"
          autoComplete="off"
          placeholder={standard}
          aria-invalid={said !== null}
          aria-describedby={`${id}-hint ${id}-said`}
          onChange={(event) => onChange(event.target.value)}
          className="min-h-10 w-full rounded-control border border-line-strong bg-surface px-3 text-right text-sm tabular-nums aria-invalid:border-bad pointer-coarse:min-h-11 pointer-coarse:text-base"
        />
        <p id={`${id}-said`} role={said === null ? undefined : "alert"} className={said === null ? "text-xs text-ink-soft" : "mt-1 text-xs font-medium text-bad"}>
          {said ?? (text.trim() !== "" && Number(text) === 0 ? t("zero") : "")}
        </p>
      </div>
    </div>
  );
}
