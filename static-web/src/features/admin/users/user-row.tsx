import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";
import { useId } from "react";

import type { User } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import type { RowPlace } from "@/ui/virtual-list";

import { RoleNames } from "./role-names";
import { UserDetails } from "./user-details";
import { UserStatus } from "./user-status";

/** A person: a line, and below it everything about them when it is open. */
export function UserRow({ user, open, onToggle, place }: { user: User; open: boolean; onToggle(): void; place: RowPlace }) {
  const { t } = useTranslation("admin");
  const id = useId();
  return (
    <li {...place} className="@container min-w-0 rounded-card border border-line bg-raised shadow-card">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="flex w-full items-start gap-3 rounded-card px-4 py-3 text-left hover:bg-sunken/60"
      >
        <span className="flex min-w-0 flex-1 flex-col gap-x-4 gap-y-2 @xl:flex-row @xl:items-center">
          <span className="min-w-0 flex-1">
            <span className="block font-medium break-words">{user.name ?? t("users.no_name")}</span>
            <span className="block font-mono text-xs break-all text-ink-soft">{user.oid}</span>
          </span>
          <span className="flex flex-wrap items-center gap-1.5">
            <RoleNames roles={user.effective_roles} none={t("users.no_roles")} />
            <UserStatus status={user.status} />
          </span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-1 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="border-t border-line px-4 py-4">
        {open && <UserDetails oid={user.oid} />}
      </div>
    </li>
  );
}
