import { CircleCheck, CircleSlash, LogOut } from "lucide-react";
import { useState } from "react";

import { toastProblem } from "@/app/toast-problem";
import type { User } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

import { useSignOutUser, type Status } from "./queries";

/** Admits, switches off and on, signs out everywhere. What takes something is asked once more. */
export function StandingButtons({ user, busy, onChange }: { user: User; busy: boolean; onChange(status: Status): void }) {
  const { t } = useTranslation("admin");
  const [asking, setAsking] = useState<"disable" | "sign_out" | null>(null);
  const signOut = useSignOutUser(user.oid);
  const name = user.name ?? user.oid;
  const confirm = () => {
    setAsking(null);
    if (asking === "disable") onChange("disabled");
    else signOut.mutate(undefined, { onSuccess: () => toast(t("users.signed_out")), onError: toastProblem });
  };
  return (
    <div className="flex flex-wrap gap-2">
      {user.status !== "active" && (
        <Button size="small" tone="lead" disabled={busy} onClick={() => onChange("active")}>
          <CircleCheck size={15} aria-hidden />
          {t(user.status === "pending" ? "users.admit" : "users.enable")}
        </Button>
      )}
      {user.status !== "disabled" && (
        <Button size="small" tone="danger" disabled={busy} onClick={() => setAsking("disable")}>
          <CircleSlash size={15} aria-hidden />
          {t("users.disable")}
        </Button>
      )}
      <Button size="small" disabled={signOut.isPending} onClick={() => setAsking("sign_out")}>
        <LogOut size={15} aria-hidden />
        {t("users.sign_out")}
      </Button>
      {asking !== null && (
        <Dialog open onOpenChange={() => setAsking(null)} title={t(`users.${asking}_title`, { name })} description={t(`users.${asking}_text`)}>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setAsking(null)}>{t("common:cancel")}</Button>
            <Button tone="danger" onClick={confirm}>
              {t(`users.${asking}`)}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
