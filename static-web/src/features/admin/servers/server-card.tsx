import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";

import { toastProblem } from "@/app/toast-problem";
import type { AddedServer, AddedServers } from "@/api/types";
import { Fact } from "@/features/settings/fact";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

import { useRemoveServer } from "./queries";
import { ServerForm } from "./server-form";

interface ServerCardProps {
  server: AddedServer;
  allowed: Pick<AddedServers, "commands" | "hosts">;
  etag: string | null;
}

/** One server that was added: what it runs, what it may reach, who added it. */
export function ServerCard({ server, allowed, etag }: ServerCardProps) {
  const { t } = useTranslation("admin_servers");
  const [doing, setDoing] = useState<"change" | "remove" | null>(null);
  const remove = useRemoveServer();
  if (doing === "change") {
    return (
      <li>
        <ServerForm server={server} allowed={allowed} etag={etag} onEnd={() => setDoing(null)} />
      </li>
    );
  }
  const confirm = () => {
    setDoing(null);
    remove.mutate({ name: server.name, etag }, { onSuccess: () => toast(t("removed", { name: server.name })), onError: toastProblem });
  };
  return (
    <li className="space-y-4 rounded-card border border-line bg-raised p-4 shadow-card sm:p-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h3 className="font-mono font-semibold break-all">{server.name}</h3>
        <div className="flex flex-wrap gap-2">
          <Button size="small" onClick={() => setDoing("change")}>
            <Pencil size={15} aria-hidden />
            {t("change")}
          </Button>
          <Button size="small" tone="danger" disabled={remove.isPending} onClick={() => setDoing("remove")}>
            <Trash2 size={15} aria-hidden />
            {t("remove")}
          </Button>
        </div>
      </div>
      <dl className="space-y-3">
        <Fact name={t("field.command")}>
          <code className="font-mono text-xs break-all">{[server.command ?? server.url, ...server.args].join(" ")}</code>
        </Fact>
        {server.env.length > 0 && (
          <Fact name={t("field.env")}>
            <code className="font-mono text-xs break-all">{server.env.join(", ")}</code>
          </Fact>
        )}
        <Fact name={t("field.hosts")}>{server.hosts.length === 0 ? t("reaches_nothing") : <code className="font-mono text-xs break-all">{server.hosts.join(", ")}</code>}</Fact>
        <Fact name={t("by")}>
          <span className="break-words">{t("by_text", { who: server.by_name ?? server.by, when: dateTime(server.at), reason: server.reason })}</span>
        </Fact>
      </dl>
      {doing === "remove" && (
        <Dialog open onOpenChange={() => setDoing(null)} title={t("remove_title", { name: server.name })} description={t("remove_text")}>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setDoing(null)}>{t("common:cancel")}</Button>
            <Button tone="danger" onClick={confirm}>
              {t("remove")}
            </Button>
          </div>
        </Dialog>
      )}
    </li>
  );
}
