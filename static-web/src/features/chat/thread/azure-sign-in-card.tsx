import { useMutation } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";

import { api, unwrap } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { renewToken, signIn } from "@/auth/session";
import { currentLanguage } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

/** The turn waits until Azure knows the person again. */
export function AzureSignInCard() {
  const { t } = useTranslation("chat");
  const renewal = useMutation({
    mutationFn: async () => {
      // Azure wants a sign-in that is younger than the one it has forgotten.
      await renewToken();
      return unwrap(api().POST("/v1/me/azure-sign-in"));
    },
  });
  const refused = renewal.error instanceof ProblemError && (renewal.error.code === "azure_sign_in_needed" || renewal.error.code === "azure_grant_refused");
  return (
    <section aria-label={t("azure.title")} className="space-y-3 rounded-card border border-warn/50 bg-warn-soft p-4">
      <div className="flex items-start gap-3">
        <KeyRound size={18} className="mt-0.5 shrink-0 text-warn" aria-hidden />
        <div className="text-sm">
          <p className="font-semibold">{t("azure.title")}</p>
          <p className="text-ink-soft">{t("azure.text")}</p>
        </div>
      </div>
      {renewal.isError && <ProblemNotice error={renewal.error} />}
      {refused ? (
        <Button tone="lead" size="small" onClick={() => void signIn(location.pathname, currentLanguage())}>
          {t("common:session.sign_in_again")}
        </Button>
      ) : (
        <Button tone="lead" size="small" disabled={renewal.isPending || renewal.isSuccess} onClick={() => renewal.mutate()}>
          {renewal.isPending || renewal.isSuccess ? t("azure.going_on") : t("azure.sign_in")}
        </Button>
      )}
    </section>
  );
}
