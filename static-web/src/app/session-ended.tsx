import { useState } from "react";

import { signIn, useSession } from "@/auth/session";
import { currentLanguage } from "@/i18n";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemNotice } from "@/ui/problem-notice";

import { leave } from "./leave";

/** The token could not be renewed: the page stays as it is until the person has signed in again. */
export function SessionEnded() {
  const { t } = useTranslation();
  const ended = useSession((state) => state.status === "ended");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const again = async () => {
    setBusy(true);
    setError(null);
    try {
      await signIn(location.pathname + location.search + location.hash, currentLanguage());
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };

  return (
    <Dialog open={ended} onOpenChange={() => undefined} title={t("session.ended_title")} description={t("session.ended_text")} closable={false}>
      {error !== null && (
        <div className="mb-4">
          <ProblemNotice error={error} />
        </div>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button tone="lead" disabled={busy} onClick={() => void again()}>
          {t("session.sign_in_again")}
        </Button>
        <Button onClick={() => void leave()}>{t("sign_out")}</Button>
      </div>
    </Dialog>
  );
}
