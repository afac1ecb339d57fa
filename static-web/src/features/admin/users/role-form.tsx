import { useState } from "react";

import type { User } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Option } from "@/ui/option";

import { ROLES } from "./queries";
import { isSameChoice, roleChange, toggled, type RoleChoice } from "./role-choice";

/** Which roles count of those that the directory grants. Says what a change gives and takes before it is saved. */
export function RoleForm({ user, busy, onSave }: { user: User; busy: boolean; onSave(roles: RoleChoice): void }) {
  const { t } = useTranslation("admin");
  const saved = user.roles ?? null;
  const [choice, setChoice] = useState<RoleChoice>(saved);
  const changed = !isSameChoice(choice, saved);
  const { gained, lost } = roleChange(user.granted_roles, saved, choice);
  const names = (roles: string[]) => roles.map((role) => t(`common:role.${role}.name`, { defaultValue: role })).join(", ");
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && !busy) onSave(choice);
      }}
    >
      <fieldset className="space-y-1">
        <legend className="mb-1 font-semibold">{t("users.roles")}</legend>
        <Option type="radio" name={`roles-${user.oid}`} checked={choice === null} onChange={() => setChoice(null)} label={t("users.all_granted")} />
        <Option
          type="radio"
          name={`roles-${user.oid}`}
          checked={choice !== null}
          onChange={() => setChoice(choice ?? user.granted_roles)}
          label={t("users.only_these")}
        />
        {choice !== null && (
          <div className="ml-7 grid gap-x-6 sm:grid-cols-2">
            {ROLES.map((role) => (
              <Option
                key={role}
                type="checkbox"
                checked={choice.includes(role)}
                onChange={() => setChoice(toggled(choice, role))}
                label={t(`common:role.${role}.name`)}
                note={user.granted_roles.includes(role) ? null : t("users.not_granted")}
              />
            ))}
          </div>
        )}
      </fieldset>
      {changed && (
        <div role="status" className="space-y-1 text-ink-soft">
          {lost.length > 0 && <p>{t("users.loses", { roles: names(lost) })}</p>}
          {gained.length > 0 && <p>{t("users.gains", { roles: names(gained) })}</p>}
          {lost.length === 0 && gained.length === 0 && <p>{t("users.nothing_now")}</p>}
        </div>
      )}
      {changed && (
        <div className="flex flex-wrap gap-2">
          <Button type="submit" size="small" tone="lead" disabled={busy}>
            {t("users.save_roles")}
          </Button>
          <Button size="small" disabled={busy} onClick={() => setChoice(saved)}>
            {t("common:cancel")}
          </Button>
        </div>
      )}
    </form>
  );
}
