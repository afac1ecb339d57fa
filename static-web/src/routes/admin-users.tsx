import { useState } from "react";

import { PageHead } from "@/features/admin/page-head";
import { STATUSES, type Status } from "@/features/admin/users/queries";
import { UserList } from "@/features/admin/users/user-list";
import { useTranslation } from "@/i18n/use-translation";
import { SearchInput } from "@/ui/search-input";
import { Select } from "@/ui/select";
import { useSettled } from "@/ui/use-settled";

/** Who may use this, and with which roles. */
export function UsersPage() {
  const { t } = useTranslation("admin");
  const [typed, setTyped] = useState("");
  const [status, setStatus] = useState<Status | null>(null);
  const words = useSettled(typed.trim());
  return (
    <div className="space-y-6">
      <PageHead title={t("users.title")} text={t("users.text")} />
      <div className="flex flex-wrap items-end gap-4">
        <SearchInput label={t("users.search")} value={typed} onChange={setTyped} />
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
