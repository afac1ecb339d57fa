import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";

/**
 * Somebody had agreed, and that counts no longer. The region stands there from the start, so
 * that a change is spoken while the card is looked at.
 */
export function AskedAnew({ shown }: { shown: boolean }) {
  const { t } = useTranslation("approvals");
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
