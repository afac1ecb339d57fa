import { clsx } from "clsx";

import type { FieldChange, Preview } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";

import { fieldName } from "./field-name";
import { fieldMark, MARKS } from "./marks";

/** Each field that changes: its value now and after the call. */
export function FieldTable({ preview }: { preview: Preview }) {
  const { t } = useTranslation("approvals");
  const values = preview.action === "create" || preview.action === "delete" ? preview.action : "change";
  return (
    <table className="w-full table-fixed border-collapse text-left">
      <caption className="sr-only">{t("preview.title")}</caption>
      <thead className="text-xs text-ink-soft">
        <tr>
          <th scope="col" className="w-2/5 py-1 pr-3 font-medium">
            {t("preview.field")}
          </th>
          <th scope="col" className="py-1 font-medium">
            {t(`preview.values.${values}`)}
          </th>
        </tr>
      </thead>
      <tbody>
        {preview.fields.map((field) => (
          <FieldRow key={field.name} field={field} />
        ))}
      </tbody>
    </table>
  );
}

function FieldRow({ field }: { field: FieldChange }) {
  const { t } = useTranslation("approvals");
  const mark = fieldMark(field);
  const known = fieldName(field.name);
  return (
    <tr className="border-t border-line align-top">
      <th scope="row" className="py-1 pr-3 font-normal break-words">
        <span aria-hidden className={clsx("font-mono font-semibold", MARKS[mark].colour)}>
          {MARKS[mark].sign}{" "}
        </span>
        <span className="sr-only">{t(`preview.mark.${mark}`)} </span>
        {known === null ? field.name : t(`preview.fields.${known}`)}
      </th>
      <td className="py-1 break-words">
        {mark !== "create" && <Value value={field.old} soft={mark === "change"} />}
        {mark === "change" && (
          <>
            {" "}
            <span aria-hidden>→</span>
            <span className="sr-only">{t("preview.becomes")}</span>{" "}
          </>
        )}
        {mark !== "delete" && <Value value={field.new} />}
      </td>
    </tr>
  );
}

function Value({ value, soft = false }: { value: string | null | undefined; soft?: boolean }) {
  const { t } = useTranslation("tools");
  if (value == null) return <span className="text-ink-soft">{t("no_value")}</span>;
  return <span className={clsx("[overflow-wrap:anywhere]", soft ? "text-ink-soft" : "font-medium")}>{value}</span>;
}
