import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";

import { ProblemError } from "@/api/problem";
import { useTranslation } from "@/i18n/use-translation";
import { ForbiddenMessage } from "@/routes/forbidden";
import { NotFoundMessage } from "@/routes/not-found";
import { ProblemNotice } from "@/ui/problem-notice";

import { Framed } from "./framed";
import { MessagePage } from "./message-page";

/** What a page shows that could not be shown. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  return (
    <Framed>
      <ErrorMessage error={error} reset={reset} />
    </Framed>
  );
}

function ErrorMessage({ error, reset }: { error: unknown; reset(): void }) {
  const { t } = useTranslation("pages");
  const router = useRouter();
  if (error instanceof ProblemError && error.status === 404) return <NotFoundMessage />;
  if (error instanceof ProblemError && error.status === 403) {
    return <ForbiddenMessage permission={error.problem.permission ?? undefined} />;
  }
  return (
    <MessagePage mark={<TriangleAlert size={26} />} title={t("error.title")}>
      <p>{t("error.text")}</p>
      <ProblemNotice
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </MessagePage>
  );
}
