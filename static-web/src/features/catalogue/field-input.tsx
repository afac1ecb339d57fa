
import { useSubscriptions } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";

import type { Field } from "./fields";

export interface FieldInputProps {
  field: Field;
  text: string;
  /** What is wrong with it, in words. */
  fault: string | null;
  onChange(text: string): void;
}

export const inputId = (name: string) => `argument-${name}`;

const LOOK = "block w-full max-w-xl rounded-control border border-line-strong bg-surface px-3 text-sm aria-invalid:border-bad pointer-coarse:text-base";

/** One argument, by its type; what the tool says about it stands below. */
export function FieldInput({ field, text, fault, onChange }: FieldInputProps) {
  const { t } = useTranslation("catalogue");
  const { name, kind, isRequired, description } = field;
  const id = inputId(name);
  const hint = kind === "list" ? t("list_hint") : kind === "json" ? t("json_hint") : "";
  const common = {
    id,
    value: text,
    required: isRequired,
    "aria-invalid": fault !== null,
    "aria-describedby": `${id}-hint ${id}-said`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  const options = kind === "flag" ? [["true", t("yes")] as const, ["false", t("no")] as const] : field.options.map((option) => [option, option] as const);
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        <span className="font-mono">{name}</span>
        {isRequired && <span className="font-normal text-ink-soft"> · {t("required")}</span>}
      </label>
      {kind === "flag" || kind === "choice" ? (
        <select {...common} className={`h-10 ${LOOK} pointer-coarse:h-11`}>
          <option value="">{t("not_set")}</option>
          {options.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      ) : kind === "list" || kind === "json" ? (
        <textarea {...common} rows={3} spellCheck={false} className={`py-2 font-mono ${LOOK}`} />
      ) : (
        <input
          {...common}
          type="text"
          inputMode={kind === "text" ? "text" : "decimal"}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          list={name === "subscription" ? `${id}-known` : undefined}
          className={`h-10 ${LOOK} pointer-coarse:h-11`}
        />
      )}
      {name === "subscription" && <KnownSubscriptions id={`${id}-known`} />}
      <p id={`${id}-said`} role={fault === null ? undefined : "alert"} className="text-xs font-medium text-bad empty:hidden">
        {fault}
      </p>
      <p id={`${id}-hint`} className="max-w-prose text-xs text-ink-soft empty:hidden">
        {hint}
        {hint !== "" && description !== "" && " "}
        {description !== "" && <span lang="en">{description}</span>}
      </p>
    </div>
  );
}

/** Names to choose from; any other text can be typed. */
function KnownSubscriptions({ id }: { id: string }) {
  const { data } = useSubscriptions();
  return (
    <datalist id={id}>
      {data?.items.map((item) => (
        <option key={item.id} value={item.name} />
      ))}
    </datalist>
  );
}
