import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CloudAlert, CloudCheck } from "lucide-react";

import { api, unwrap } from "@/api/client";
import { meQuery } from "@/api/queries";
import type { Me } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

/** Whether tools can reach Azure for this person, and the way to it. */
export function AzureSignIn({ state }: { state: Me["azure_sign_in"] }) {
  const { t } = useTranslation("settings");
  const queries = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => unwrap(api().POST("/v1/me/azure-sign-in")),
    onSuccess: ({ resumed_turns: count }) =>
      toast([t("azure.done"), count > 0 ? t("azure.resumed", { count }) : ""].filter(Boolean).join(" ")),
    onSettled: () => queries.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  const ok = state === "ok";
  const Icon = ok ? CloudCheck : CloudAlert;
  return (
    <div className="space-y-3 rounded-card border border-line bg-ground p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-64">
          <h3 className="flex flex-wrap items-center gap-2 text-sm font-semibold">
            {t("azure.title")}
            <Badge tone={ok ? "good" : "warn"} icon={<Icon size={13} aria-hidden />}>
              {t(`azure.${state}`)}
            </Badge>
          </h3>
          <p className="mt-1 text-sm text-ink-soft">{t(`azure.${state}_text`)}</p>
        </div>
        {state !== "not_offered" && <Button tone={ok ? "plain" : "lead"} disabled={signIn.isPending} onClick={() => signIn.mutate()}>
          {ok ? t("azure.again") : t("azure.button")}
        </Button>}
      </div>
      {signIn.isError && <ProblemNotice error={signIn.error} onRetry={() => signIn.mutate()} />}
    </div>
  );
}
