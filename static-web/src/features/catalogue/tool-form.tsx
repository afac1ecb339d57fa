import { useMutation } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useMemo, useRef, useState } from "react";

import { idempotencyKey } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { Tool } from "@/api/types";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { FieldInput, inputId } from "./field-input";
import { argumentsOf, fieldAt, fieldsOf, type Draft, type Fault, type Field } from "./fields";
import { runTool } from "./queries";

/** The arguments of a tool; what cannot be is said at its field, by us or by the API. */
export function ToolForm({ tool, onRun }: { tool: Tool; onRun(turnId: string): void }) {
  const { t } = useTranslation("catalogue");
  const fields = useMemo(() => fieldsOf(tool.input_schema), [tool]);
  const [draft, setDraft] = useState<Draft>({});
  const [faults, setFaults] = useState<Record<string, Fault>>({});
  // Of one intent: trying again must not run it twice.
  const intent = useRef<{ text: string; key: string } | null>(null);
  const run = useMutation({
    mutationFn: (values: Record<string, unknown>) => {
      const text = JSON.stringify(values);
      if (intent.current?.text !== text) intent.current = { text, key: idempotencyKey() };
      return runTool({ server: tool.server, tool: tool.tool, values, key: intent.current.key });
    },
    onSuccess: (turnId) => {
      intent.current = null;
      onRun(turnId);
    },
    onError: (error) => focusField(refusedField(error)),
  });
  const refused = refusedField(run.error);
  const submit = () => {
    const { values, faults: found } = argumentsOf(fields, draft);
    setFaults(found);
    const first = fields.find(({ name }) => found[name] !== undefined);
    if (first === undefined) run.mutate(values);
    else focusField(first.name);
  };
  const input = (field: Field) => (
    <FieldInput
      key={field.name}
      field={field}
      text={draft[field.name] ?? ""}
      fault={faults[field.name] !== undefined ? t(`fault.${faults[field.name]!}`) : refused === field.name ? (run.error as ProblemError).problem.detail : null}
      onChange={(text) => {
        setDraft({ ...draft, [field.name]: text });
        setFaults(({ [field.name]: _mended, ...others }) => others);
        run.reset();
      }}
    />
  );
  const required = fields.filter(({ isRequired }) => isRequired);
  const optional = fields.filter(({ isRequired }) => !isRequired);
  return (
    <form
      noValidate
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (!run.isPending) submit();
      }}
    >
      {fields.length === 0 && <p className="text-sm text-ink-soft">{t("no_arguments")}</p>}
      {required.map(input)}
      {optional.length > 0 && (
        <details open={required.length === 0} className="rounded-card border border-line p-4">
          <summary className="min-h-6 text-sm font-medium pointer-coarse:min-h-11">{t("optional", { n: number(optional.length) })}</summary>
          <div className="mt-4 space-y-5">{optional.map(input)}</div>
        </details>
      )}
      {run.error !== null && refused === null && <ProblemNotice error={run.error} />}
      <div className="space-y-2">
        <Button type="submit" tone="lead" disabled={run.isPending}>
          <Play size={16} aria-hidden />
          {t(run.isPending ? "running" : "run")}
        </Button>
        <p className="text-xs text-ink-soft">{t("recorded")}</p>
      </div>
    </form>
  );
}

/** It may lie in what is folded. */
function focusField(name: string | null): void {
  if (name === null) return;
  const field = document.getElementById(inputId(name));
  field?.closest("details")?.setAttribute("open", "");
  field?.focus();
}

function refusedField(error: unknown): string | null {
  return error instanceof ProblemError && error.code === "arguments_invalid" ? fieldAt(error.problem.pointer ?? "") : null;
}
