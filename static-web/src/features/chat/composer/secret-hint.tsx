import { KeyRound } from "lucide-react";
import { useMemo } from "react";

import { useTranslation } from "@/i18n/use-translation";

import { looksSecret } from "./looks-secret";

/** Says before a text is sent that it looks as if it held a key or a password. The region is there before its words. */
export function SecretHint({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const shown = useMemo(() => looksSecret(text), [text]);
  return (
    <div role="status" className={shown ? undefined : "sr-only"}>
      {shown && (
        <p className="mt-2 flex animate-fade-in items-start gap-2 rounded-control border border-warn/40 bg-warn-soft p-2.5 text-sm">
          <KeyRound size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
          <span className="min-w-0">{t("composer.secret")}</span>
        </p>
      )}
    </div>
  );
}
