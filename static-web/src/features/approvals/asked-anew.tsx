import { TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";

/** Somebody had agreed, and that counts no longer. The region is there before its words, so that they are spoken. */
export function AskedAnew({ shown: wanted }: { shown: boolean }) {
  const { t } = useTranslation("approvals");
  const [there, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  const shown = there && wanted;
  return (
    <div role="status" className={shown ? undefined : "sr-only"}>
      {shown && (
        <div className="flex animate-fade-in gap-3 rounded-control border border-warn/40 bg-warn-soft p-3 text-sm">
          <TriangleAlert size={18} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          <div className="min-w-0 space-y-1">
            <p className="font-medium">{t("anew.title")}</p>
            <p className="text-ink-soft">{t("anew.text")}</p>
          </div>
        </div>
      )}
    </div>
  );
}
