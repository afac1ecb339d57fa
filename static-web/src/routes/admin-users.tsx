import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { PageHead } from "@/features/admin/page-head";
import { STATUSES, type Status } from "@/features/admin/users/queries";
import { UserList } from "@/features/admin/users/user-list";
import { Select } from "@/ui/select";

/** Typing settles before the API is asked. */
const SETTLED_MS = 250;

/** Who may use this, and with which roles. */
export function UsersPage() {
  const { t } = useTranslation("admin");
  const [typed, setTyped] = useState("");
  const [status, setStatus] = useState<Status | null>(null);
  const words = useSettled(typed.trim(), SETTLED_MS);
  return (
    <div className="space-y-6">
      <PageHead title={t("users.title")} text={t("users.text")} />
      <div className="flex flex-wrap items-end gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <label htmlFor="users-words" className="block text-sm font-medium">
            {t("users.search")}
          </label>
          <div className="relative mt-1.5">
            <Search size={16} aria-hidden className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-faint" />
            <input
              id="users-words"
              type="search"
              value={typed}
              maxLength={200}
              onChange={(event) => setTyped(event.target.value)}
              className="h-10 w-full rounded-control border border-line-strong bg-surface pr-3 pl-9 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
            />
          </div>
        </div>
        <div className="min-w-0 basis-48">
          <Select
            label={t("users.status_label")}
            value={status ?? ""}
            options={[{ value: "", label: t("users.status.all") }, ...STATUSES.map((value) => ({ value, label: t(`users.status.${value}`) }))]}
            onChoose={(value) => setStatus(STATUSES.find((one) => one === value) ?? null)}
          />
        </div>
      </div>
      <UserList
        filter={{ words, status }}
        onClear={() => {
          setTyped("");
          setStatus(null);
        }}
      />
    </div>
  );
}

/** `value`, once it has not changed for so long. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
