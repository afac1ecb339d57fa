import { CircleAlert } from "lucide-react";

import { signInProblem } from "@/auth/sign-in-problem";
import { useTranslation } from "@/i18n/use-translation";

/** Why the sign-in did not work, and the issuer's name for the request. */
export function SignInNotice({ error }: { error: unknown }) {
  const { t } = useTranslation("login");
  const { reason, detail, requestId } = signInProblem(error);
  return (
    <div role="alert" className="flex animate-fade-in gap-3 rounded-card border border-bad/40 bg-bad-soft p-4 text-left text-sm">
      <CircleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 space-y-1">
        <p className="font-semibold break-words">{reason === "unknown" ? t("failed") : t(`reason.${reason}`)}</p>
        {reason === "unknown" && detail !== "" && <p className="break-words text-ink-soft">{detail}</p>}
        {requestId !== "" && (
          <p className="text-xs break-all text-ink-soft">
            {t("common:problem.request_id")} <code className="font-mono select-all">{requestId}</code>
          </p>
        )}
      </div>
    </div>
  );
}
