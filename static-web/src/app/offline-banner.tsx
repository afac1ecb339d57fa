import { CloudOff, Wifi } from "lucide-react";
import { useEffect, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { useOnline } from "@/realtime/online";

const BACK_SHOWN_MS = 4_000;

type Line = "online" | "offline" | "back";

/** Says that the network is gone, and for a moment that it is there again. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const online = useOnline();
  const [line, setLine] = useState<Line>("online");

  useEffect(() => {
    setLine((before) => (!online ? "offline" : before === "offline" ? "back" : before));
  }, [online]);

  useEffect(() => {
    if (line !== "back") return;
    const timer = setTimeout(() => setLine("online"), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [line]);

  return (
    <div role="status">
      {line === "offline" && (
        <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-sm text-warn">
          <CloudOff size={16} aria-hidden className="shrink-0" />
          {t("connection.offline")}
        </p>
      )}
      {line === "back" && (
        <p className="flex items-center justify-center gap-2 bg-good-soft px-4 py-2 text-sm text-good">
          <Wifi size={16} aria-hidden className="shrink-0" />
          {t("connection.back_online")}
        </p>
      )}
    </div>
  );
}
