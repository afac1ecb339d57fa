import { useNavigate, useRouter } from "@tanstack/react-router";
import { LoaderCircle } from "lucide-react";
import { useEffect, useState } from "react";

import { usePageTitle } from "@/app/page-title";
import { SignInFrame } from "@/app/pages/sign-in-frame";
import { SignInNotice } from "@/app/pages/sign-in-notice";
import { completeSignIn } from "@/auth/session";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

/** A code works once, also when React runs the effect twice. */
let completing: Promise<string> | undefined;

export function CallbackPage() {
  const { t } = useTranslation("login");
  const navigate = useNavigate();
  const { history } = useRouter();
  const [error, setError] = useState<unknown>(null);
  usePageTitle(error === null ? t("signing_in") : t("failed"));

  useEffect(() => {
    completing ??= completeSignIn();
    completing.then(
      (returnTo) => {
        completing = undefined;
        history.replace(returnTo);
      },
      (cause: unknown) => {
        completing = undefined;
        // The issuer's code says more than a missing state; its free text stays unread here.
        const code = new URLSearchParams(location.search).get("error");
        setError(code === null || "error" in Object(cause) ? cause : { error: code });
      },
    );
  }, [history]);

  if (error === null) {
    return (
      <SignInFrame>
        <div className="flex animate-late flex-col items-center gap-4 text-center">
          <LoaderCircle size={28} className="animate-spin text-lead" aria-hidden />
          <h1 className="text-lg font-semibold">{t("signing_in")}</h1>
          <p className="text-ink-soft">{t("signing_in_text")}</p>
        </div>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame>
      <div className="w-full max-w-md animate-rise-in space-y-4 rounded-2xl border border-line bg-surface p-6 shadow-overlay sm:p-10">
        <h1 className="text-2xl font-semibold">{t("failed")}</h1>
        <p className="text-ink-soft">{t("callback_failed_text")}</p>
        <SignInNotice error={error} />
        <Button tone="lead" className="min-h-11 w-full" onClick={() => void navigate({ to: "/login", replace: true })}>
          {t("try_again")}
        </Button>
      </div>
    </SignInFrame>
  );
}
