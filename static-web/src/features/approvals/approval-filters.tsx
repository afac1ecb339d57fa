import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { Approval } from "@/api/types";

import { choices, type Filters } from "./kinds";

/** Narrows the list by tool and by who asked, as far as it is loaded. */
export function ApprovalFilters({ items, filters, onChange }: { items: Approval[]; filters: Filters; onChange(filters: Filters): void }) {
  const { t } = useTranslation("approvals");
  const { tools, askers } = choices(items);
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-2">
      <Choice
        label={t("filter.tool")}
        all={t("filter.all_tools")}
        value={filters.tool}
        options={tools.map((tool) => ({ value: tool, text: tool }))}
        onChange={(tool) => onChange({ ...filters, tool })}
      />
      <Choice
        label={t("filter.asker")}
        all={t("filter.all_askers")}
        value={filters.asker}
        options={askers.map(({ oid, name }) => ({ value: oid, text: name }))}
        onChange={(asker) => onChange({ ...filters, asker })}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string;
  options: { value: string; text: string }[];
  onChange(value: string): void;
}

function Choice({ label, all, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex min-w-0 items-center gap-2 text-sm max-sm:w-full">
      <label htmlFor={id} className="shrink-0 text-ink-soft max-sm:w-20">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-9 max-w-60 min-w-0 rounded-control border border-line-strong bg-surface px-2 text-ellipsis pointer-coarse:min-h-11 max-sm:max-w-none max-sm:flex-1"
      >
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
