import { useSearch } from "@tanstack/react-router";
import { ClipboardCheck, ShieldCheck, UserCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { LanguageSwitch } from "@/app/language-switch";
import { safeReturn, signIn } from "@/auth/session";
import { currentLanguage } from "@/i18n";
import { Button } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { ProblemNotice } from "@/ui/problem-notice";

export function LoginPage() {
  const { t } = useTranslation("login");
  const { return_to } = useSearch({ from: "/login" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      await signIn(safeReturn(return_to), currentLanguage());
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };

  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 px-4 py-10">
      <div className="w-full max-w-md rounded-card border border-line bg-surface p-8 shadow-card">
        <div className="mb-6 flex items-center justify-between">
          <Logo />
          <LanguageSwitch />
        </div>
        <h1 className="text-2xl leading-snug font-semibold text-balance">{t("title")}</h1>
        <p className="mt-3 text-ink-soft">{t("text")}</p>
        <ul className="my-6 space-y-3 text-sm">
          {(
            [
              [UserCheck, "point_own_rights"],
              [ShieldCheck, "point_approval"],
              [ClipboardCheck, "point_audit"],
            ] as const
          ).map(([Icon, key]) => (
            <li key={key} className="flex items-start gap-3">
              <Icon size={18} className="mt-0.5 shrink-0 text-lead" aria-hidden />
              {t(key)}
            </li>
          ))}
        </ul>
        {error !== null && (
          <div className="mb-4">
            <ProblemNotice error={error} />
          </div>
        )}
        <Button tone="lead" className="w-full" onClick={() => void start()} disabled={busy}>
          {busy ? t("signing_in") : t("sign_in")}
        </Button>
      </div>
    </main>
  );
}
