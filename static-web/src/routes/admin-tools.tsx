import { useState } from "react";

import { PageHead } from "@/features/admin/page-head";
import { PinList } from "@/features/admin/tools/pin-list";
import { STATES, type PinState } from "@/features/admin/tools/queries";
import { useTranslation } from "@/i18n/use-translation";
import { SearchInput } from "@/ui/search-input";
import { Select } from "@/ui/select";
import { useSettled } from "@/ui/use-settled";

/** Which tools the organization uses: what servers offer is used only as it was accepted. */
export function AdminToolsPage() {
  const { t } = useTranslation("admin_tools");
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<PinState | null>(null);
  const words = useSettled(typed.trim());
  return (
    <div className="space-y-6">
      <PageHead title={t("title")} text={t("text")} />
      <div className="flex flex-wrap items-end gap-4">
        <SearchInput label={t("search")} value={typed} onChange={setTyped} />
        <div className="min-w-0 basis-48">
          <Select
            label={t("state_label")}
            value={state ?? ""}
            options={[{ value: "", label: t("state.all") }, ...STATES.map((value) => ({ value, label: t(`state.${value}`) }))]}
            onChoose={(value) => setState(STATES.find((one) => one === value) ?? null)}
          />
        </div>
      </div>
      <PinList
        filter={{ words, state }}
        onClear={() => {
          setTyped("");
          setState(null);
        }}
      />
    </div>
  );
}
