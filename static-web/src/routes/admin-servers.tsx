import { useQuery } from "@tanstack/react-query";
import { Plus, ServerCog } from "lucide-react";
import { useState } from "react";

import type { AddedServers } from "@/api/types";
import { PageHead } from "@/features/admin/page-head";
import { serversQuery } from "@/features/admin/servers/queries";
import { ServerCard } from "@/features/admin/servers/server-card";
import { ServerForm } from "@/features/admin/servers/server-form";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

/** The tool servers that the organization runs beside those of the installation. */
export function ServersPage() {
  const { t } = useTranslation("admin_servers");
  const { data, error, refetch } = useQuery(serversQuery);
  return (
    <div className="max-w-3xl space-y-6">
      <PageHead title={t("title")} text={t("text")} />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? error === null && <SkeletonList rows={4} /> : <Servers servers={data.value} etag={data.etag} />}
    </div>
  );
}

function Servers({ servers, etag }: { servers: AddedServers; etag: string | null }) {
  const { t } = useTranslation("admin_servers");
  const [isAdding, setIsAdding] = useState(false);
  const mayAdd = servers.commands.length > 0 || servers.hosts.length > 0;
  const add = (
    <Button tone="lead" onClick={() => setIsAdding(true)}>
      <Plus size={16} aria-hidden />
      {t("add")}
    </Button>
  );
  return (
    <>
      {!mayAdd && <p className="rounded-card border border-line bg-sunken p-4 text-sm">{t("nothing_allowed")}</p>}
      {isAdding ? (
        <ServerForm allowed={servers} etag={etag} onEnd={() => setIsAdding(false)} />
      ) : (
        mayAdd && servers.items.length > 0 && <div>{add}</div>
      )}
      {servers.items.length > 0 ? (
        <ul aria-label={t("list")} className="space-y-4">
          {servers.items.map((server) => (
            <ServerCard key={server.name} server={server} allowed={servers} etag={etag} />
          ))}
        </ul>
      ) : (
        !isAdding && (
          <EmptyState icon={<ServerCog size={22} aria-hidden />} title={t("none")} action={mayAdd ? add : undefined}>
            {t("none_text")}
          </EmptyState>
        )
      )}
    </>
  );
}
