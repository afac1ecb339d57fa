import { WifiOff } from "lucide-react";
import { useEffect, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { useTurns } from "@/realtime/turns";

/** A break shorter than this is not worth a word, milliseconds. */
const QUIET_MS = 2_000;

/** Says that the events of a running turn do not come through. */
export function ConnectionBanner({ turnId }: { turnId: string }) {
  const { t } = useTranslation();
  const broken = useTurns((state) => state.connections[turnId] === "reconnecting");
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!broken) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [broken]);
  if (!shown) return null;
  return (
    <p role="status" className="flex items-center justify-center gap-2 border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn">
      <WifiOff size={15} aria-hidden />
      {t("connection.reconnecting")}
    </p>
  );
}
