import { ShieldAlert } from "lucide-react";

import { useTranslation } from "@/i18n/use-translation";

/** Why a person is asked whatever the mode: text from outside may be behind the call. */
export function OutsideNote() {
  const { t } = useTranslation("approvals");
  return (
    <div className="flex gap-3 rounded-control border border-warn/40 bg-warn-soft p-3 text-sm">
      <ShieldAlert size={18} className="mt-0.5 shrink-0 text-warn" aria-hidden />
      <div className="min-w-0 space-y-1">
        <p className="font-medium">{t("outside.title")}</p>
        <p className="text-ink-soft">{t("outside.text")}</p>
      </div>
    </div>
  );
}
