import { Pencil, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";

import { toastProblem } from "@/app/toast-problem";
import type { AddedServer } from "@/api/types";
import { Fact } from "@/features/settings/fact";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

import { useRemoveServer } from "./queries";
import { ServerForm, type Allowed } from "./server-form";

interface ServerCardProps {
  server: AddedServer;
  allowed: Allowed;
  etag: string | null;
}

/** One server that was added: what it runs or where it is, what it may reach, who added it. */
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
        {typeof server.url === "string" ? <Elsewhere server={server} /> : <Here server={server} />}
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

/** A program that runs here. */
function Here({ server }: { server: AddedServer }) {
  const { t } = useTranslation("admin_servers");
  return (
    <>
      <Fact name={t("field.command")}>
        <Code>{[server.command, ...server.args].join(" ")}</Code>
      </Fact>
      {server.env.length > 0 && (
        <Fact name={t("field.env")}>
          <Code>{server.env.join(", ")}</Code>
        </Fact>
      )}
      <Fact name={t("field.hosts")}>{server.hosts.length === 0 ? t("reaches_nothing") : <Code>{server.hosts.join(", ")}</Code>}</Fact>
    </>
  );
}

/** What is reached by URL. */
function Elsewhere({ server }: { server: AddedServer }) {
  const { t } = useTranslation("admin_servers");
  return (
    <>
      <Fact name={t("field.url")}>
        <Code>{server.url}</Code>
      </Fact>
      {server.headers.length > 0 && (
        <Fact name={t("field.headers")}>
          <Code>{server.headers.join(", ")}</Code>
        </Fact>
      )}
      {server.oauth != null && (
        <Fact name={t("oauth.fact")}>
          <Code>{[server.oauth.token_url, server.oauth.client_id, server.oauth.scope ?? ""].filter((part) => part !== "").join(" · ")}</Code>
        </Fact>
      )}
    </>
  );
}

function Code({ children }: { children: ReactNode }) {
  return <code className="font-mono text-xs break-all">{children}</code>;
}
