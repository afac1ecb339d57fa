import { Filter as FilterIcon, X } from "lucide-react";
import { useId, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";

import { KINDS, NO_FILTER, OUTCOMES, RANGES, searchOf, type Filter } from "./filter";

export interface FilterFormProps {
  filter: Filter;
  /** Others' records can be asked for. */
  mayPerson: boolean;
  onApply(filter: Filter): void;
}

/** Nothing is asked for before it is applied: an auditor's reading is recorded. */
export function FilterForm({ filter, mayPerson, onApply }: FilterFormProps) {
  const { t } = useTranslation("audit");
  const [draft, setDraft] = useState(filter);
  const set = (change: Partial<Filter>) => setDraft({ ...draft, ...change });
  const any = { value: "", label: t("any") };
  return (
    <form
      aria-label={t("filters")}
      className="space-y-4 rounded-card border border-line bg-raised p-4 shadow-card"
      onSubmit={(event) => {
        event.preventDefault();
        onApply(draft);
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <Select label={t("range")} value={draft.range} options={RANGES.map((value) => ({ value, label: t(`ranges.${value}`) }))} onChoose={(range) => set({ range: range as Filter["range"] })} />
        {draft.range === "custom" && (
          <>
            <Field label={t("from")} type="datetime-local" value={draft.from} onChange={(from) => set({ from })} />
            <Field label={t("until")} type="datetime-local" value={draft.until} onChange={(until) => set({ until })} />
          </>
        )}
        <Select label={t("kind")} value={draft.kind} options={[any, ...KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))]} onChoose={(kind) => set({ kind })} />
        <Select label={t("outcome")} value={draft.outcome} options={[any, ...OUTCOMES.map((value) => ({ value, label: t(`outcomes.${value}`) }))]} onChoose={(outcome) => set({ outcome })} />
        <Field label={t("tool")} hint={t("tool_hint")} value={draft.tool} onChange={(tool) => set({ tool })} />
        {mayPerson && <Field label={t("person")} value={draft.oid} onChange={(oid) => set({ oid })} />}
        <Field label={t("turn")} value={draft.turn_id} onChange={(turn_id) => set({ turn_id })} />
      </div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="lead">
          <FilterIcon size={16} aria-hidden />
          {t("apply")}
        </Button>
        {Object.keys(searchOf(draft)).length > 0 && (
          <Button
            onClick={() => {
              setDraft(NO_FILTER);
              onApply(NO_FILTER);
            }}
          >
            <X size={16} aria-hidden />
            {t("clear")}
          </Button>
        )}
      </div>
    </form>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  type?: "text" | "datetime-local";
  value: string;
  onChange(value: string): void;
}

function Field({ label, hint, type = "text", value, onChange }: FieldProps) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        type={type}
        value={value}
        maxLength={300}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        className="mt-1.5 h-10 w-full max-w-md rounded-control border border-line-strong bg-surface px-3 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-ink-soft">
          {hint}
        </p>
      )}
    </div>
  );
}
