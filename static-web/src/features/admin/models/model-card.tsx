import { CircleAlert, CircleCheck } from "lucide-react";
import { useId } from "react";

import type { OfferedModel } from "@/api/types";
import { money } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";
import { Option } from "@/ui/option";

import { ROLES } from "../users/queries";
import { toggled } from "../users/role-choice";
import type { OnlyFor } from "./draft";

interface ModelCardProps {
  model: OfferedModel;
  onlyFor: OnlyFor;
  /** Whether it would answer when nobody chose. */
  isStandard: boolean;
  onChange(onlyFor: OnlyFor): void;
}

/** One model, and who is offered it. */
export function ModelCard({ model, onlyFor, isStandard, onChange }: ModelCardProps) {
  const { t } = useTranslation("models");
  const id = useId();
  const price = model.price ?? null;
  const isFault = isStandard && onlyFor !== null;
  return (
    <li aria-labelledby={`${id}-name`} className="space-y-3 rounded-card border border-line bg-raised p-4 text-sm shadow-card">
      <div>
        <h2 id={`${id}-name`} className="flex flex-wrap items-center gap-2 font-semibold">
          <span className="min-w-0 break-all">{model.name}</span>
          {isStandard && (
            <Badge tone="lead" icon={<CircleCheck size={13} aria-hidden />}>
              {t("standard")}
            </Badge>
          )}
        </h2>
        <p className="text-ink-soft">{model.description == null ? t("gone") : <span lang="en">{model.description}</span>}</p>
        {price !== null && <p className="text-ink-soft">{t("price", { input: money(price.input_micros), output: money(price.output_micros) })}</p>}
      </div>
      <fieldset aria-describedby={isFault ? `${id}-fault` : undefined} className="space-y-1">
        <legend className="mb-1 font-medium">{t("for_whom")}</legend>
        <Option type="radio" name={id} checked={onlyFor === null} onChange={() => onChange(null)} label={t("everybody")} />
        <Option type="radio" name={id} checked={onlyFor !== null} onChange={() => onChange(onlyFor ?? ["admin"])} label={t("only_roles")} />
        {onlyFor !== null && (
          <>
            <div className="ml-7 grid gap-x-6 sm:grid-cols-2">
              {ROLES.map((role) => (
                <Option
                  key={role}
                  type="checkbox"
                  checked={onlyFor.includes(role)}
                  onChange={() => onChange(toggled(onlyFor, role))}
                  label={t(`common:role.${role}.name`)}
                />
              ))}
            </div>
            {onlyFor.length === 0 && <p className="ml-7 text-ink-soft">{t("for_nobody")}</p>}
          </>
        )}
      </fieldset>
      {isFault && (
        <p id={`${id}-fault`} role="alert" className="flex items-start gap-2 font-medium text-bad">
          <CircleAlert size={16} className="mt-0.5 shrink-0" aria-hidden />
          {t("standard_fault")}
        </p>
      )}
    </li>
  );
}
