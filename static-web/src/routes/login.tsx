import { useSearch } from "@tanstack/react-router";
import { ArrowRight, ClipboardCheck, ShieldCheck, UserCheck } from "lucide-react";
import { useEffect, useState } from "react";

import { usePageTitle } from "@/app/page-title";
import { SignInFrame } from "@/app/pages/sign-in-frame";
import { SignInNotice } from "@/app/pages/sign-in-notice";
import { safeReturn, signIn } from "@/auth/session";
import { currentLanguage } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

const POINTS = [
  [UserCheck, "point_own_rights"],
  [ShieldCheck, "point_approval"],
  [ClipboardCheck, "point_audit"],
] as const;

export function LoginPage() {
  const { t } = useTranslation("login");
  const { return_to } = useSearch({ from: "/login" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  usePageTitle(t("page_title"));

  useEffect(() => {
    // The browser may bring this page back as it was left, with the button still busy.
    const onShow = (event: PageTransitionEvent) => event.persisted && setBusy(false);
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, []);

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
    <SignInFrame>
      <div className="w-full max-w-md animate-rise-in rounded-2xl border border-line bg-surface p-6 shadow-overlay sm:p-10">
        <h1 className="text-2xl leading-snug font-semibold text-balance sm:text-[1.75rem]">{t("title")}</h1>
        <p className="mt-3 text-ink-soft">{t("text")}</p>
        <ul className="my-7 space-y-3.5 text-sm">
          {POINTS.map(([Icon, key]) => (
            <li key={key} className="flex items-center gap-3">
              <span className="flex size-8 shrink-0 items-center justify-center rounded-full bg-lead-soft text-lead" aria-hidden>
                <Icon size={17} />
              </span>
              {t(key)}
            </li>
          ))}
        </ul>
        {error !== null && (
          <div className="mb-4">
            <SignInNotice error={error} />
          </div>
        )}
        <Button tone="lead" className="min-h-11 w-full" onClick={() => void start()} disabled={busy}>
          {busy ? t("signing_in") : t("sign_in")}
          {!busy && <ArrowRight size={17} aria-hidden />}
        </Button>
        <p className="mt-4 text-center text-xs text-ink-faint">{return_to === undefined ? t("subtitle") : t("return_hint")}</p>
      </div>
    </SignInFrame>
  );
}
