import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { completeSignIn } from "@/auth/session";
import { Button } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { ProblemNotice } from "@/ui/problem-notice";

/** A code works once, also when React runs the effect twice. */
let completing: Promise<string> | undefined;

export function CallbackPage() {
  const { t } = useTranslation("login");
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    completing ??= completeSignIn();
    completing.then(
      (returnTo) => {
        completing = undefined;
        void navigate({ to: returnTo, replace: true });
      },
      (cause: unknown) => {
        completing = undefined;
        setError(cause);
      },
    );
  }, [navigate]);

  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 px-4">
      <Logo />
      {error === null ? (
        <h1 className="animate-late text-ink-soft">{t("signing_in")}</h1>
      ) : (
        <div className="w-full max-w-md space-y-4">
          <h1 className="text-xl font-semibold">{t("failed")}</h1>
          <ProblemNotice error={error} />
          <Button tone="lead" onClick={() => void navigate({ to: "/login", replace: true })}>
            {t("try_again")}
          </Button>
        </div>
      )}
    </main>
  );
}
