import { Check } from "lucide-react";
import { useId } from "react";

import type { components } from "@/api/schema";
import { useTranslation } from "@/i18n/use-translation";

/** One role: what it is for, and which doors it opens. */
export function RoleCard({ role }: { role: components["schemas"]["RoleView"] }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <li aria-labelledby={id} className="space-y-3 rounded-card border border-line bg-raised p-4 text-sm shadow-card">
      <div>
        <h2 id={id} className="font-semibold">
          {t(`role.${role.role}.name`, { defaultValue: role.role })}{" "}
          <span className="ml-1 font-mono text-xs font-normal text-ink-soft">{role.role}</span>
        </h2>
        <p className="text-ink-soft">{t(`role.${role.role}.text`, { defaultValue: "" })}</p>
      </div>
      <ul className="space-y-1.5">
        {role.permissions.map((permission) => (
          <li key={permission} className="flex items-start gap-2">
            <Check size={15} className="mt-1 shrink-0 text-good" aria-hidden />
            {t(`permission.${permission}`, { defaultValue: permission })}
          </li>
        ))}
      </ul>
    </li>
  );
}
