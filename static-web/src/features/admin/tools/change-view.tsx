import { diffWordsWithSpace } from "diff";
import { clsx } from "clsx";

import type { ToolChange } from "@/api/types";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import { schemaLines } from "./schema-lines";

/** What is otherwise in a tool, before and after: its text by words, its schema by lines. */
export function ChangeView({ change }: { change: ToolChange }) {
  const { t } = useTranslation("admin_tools");
  const { description, input_schema: schema } = change;
  return (
    <div className="space-y-4">
      {description != null && (
        <section aria-label={t("diff.text")} className="space-y-1.5">
          <p className="text-sm font-semibold">{t("diff.text")}</p>
          <p lang="en" className="rounded-control bg-sunken p-3 text-sm break-words whitespace-pre-wrap">
            {diffWordsWithSpace(description.before, description.after).map(({ value, added, removed }, index) =>
              added ? (
                <ins key={index} className="rounded bg-good-soft text-good underline">
                  {value}
                </ins>
              ) : removed ? (
                <del key={index} className="rounded bg-bad-soft text-bad">
                  {value}
                </del>
              ) : (
                <span key={index}>{value}</span>
              ),
            )}
          </p>
        </section>
      )}
      {schema != null && (
        <section aria-label={t("diff.schema")} className="space-y-1.5">
          <p className="text-sm font-semibold">{t("diff.schema")}</p>
          <SchemaChange before={schema.before} after={schema.after} />
        </section>
      )}
    </div>
  );
}

const LOOKS = { "+": "bg-good-soft text-good", "-": "bg-bad-soft text-bad", " ": "text-ink-soft" } as const;

function SchemaChange({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation("admin_tools");
  return (
    <pre role="region" aria-label={t("diff.schema")} tabIndex={0} className="max-h-96 overflow-auto rounded-control bg-sunken py-2 font-mono text-xs leading-relaxed">
      {schemaLines(before, after).map((line, index) =>
        "lines" in line ? (
          <span key={index} className="block px-3 py-1 font-sans text-ink-soft">
            {t("diff.gap", { n: number(line.lines) })}
          </span>
        ) : (
          <span key={index} className={clsx("block w-max min-w-full px-3", LOOKS[line.sign])}>
            {`${line.sign === "-" ? "−" : line.sign} ${line.text}`}
          </span>
        ),
      )}
    </pre>
  );
}
