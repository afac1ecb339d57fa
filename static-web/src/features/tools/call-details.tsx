import { useTranslation } from "react-i18next";

import type { CallLog } from "@/realtime/turn-log";

/** The arguments and the result of a call. */
export function CallDetails({ call }: { call: CallLog; turnId: string }) {
  const { t } = useTranslation("tools");
  return (
    <div className="space-y-4 text-sm">
      <div>
        <h4 className="mb-1 font-semibold">{t("arguments")}</h4>
        <pre className="overflow-x-auto rounded-control bg-sunken p-3 font-mono text-xs">{JSON.stringify(call.arguments, null, 2)}</pre>
      </div>
      {call.preview !== null && (
        <div>
          <h4 className="mb-1 font-semibold">{t("result")}</h4>
          <pre className="overflow-x-auto rounded-control bg-sunken p-3 font-mono text-xs">{call.preview}</pre>
        </div>
      )}
      {call.note !== null && <p className="text-ink-soft">{call.note}</p>}
    </div>
  );
}
