import { Lock, LockOpen } from "lucide-react";
import { useId, type ReactNode } from "react";

import type { ServerHealth } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";

import { HealthMark } from "./health-mark";

/** One tool server: whether it works, what walls are around it, where it may connect. */
export function ServerCard({ server }: { server: ServerHealth }) {
  const { t } = useTranslation("admin");
  const id = useId();
  const enforced = server.confinement === "enforced";
  return (
    <li aria-labelledby={id} className="space-y-4 rounded-card border border-line bg-raised p-4 text-sm shadow-card">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h3 id={id} className="font-mono font-semibold break-all">
          {server.name}
        </h3>
        <Badge tone={enforced ? "good" : "warn"} icon={enforced ? <Lock size={12} aria-hidden /> : <LockOpen size={12} aria-hidden />}>
          {t(`health.walls.${server.confinement}`)}
        </Badge>
      </div>
      <HealthMark health={server.ok ? "good" : "bad"}>
        <p>{t(server.ok ? "health.works" : "health.broken")}</p>
        <Said>{server.detail}</Said>
      </HealthMark>
      <Part title={t("health.walls.title")}>
        <p className="text-ink-soft">{t(`health.walls.${server.confinement}_text`)}</p>
        <HealthMark health={server.confines_files ? "good" : "warn"}>{t(server.confines_files ? "health.walls.files" : "health.walls.no_files")}</HealthMark>
        <HealthMark health={server.confines_connections ? "good" : "warn"}>
          {t(server.confines_connections ? "health.walls.connections" : "health.walls.no_connections")}
        </HealthMark>
        {server.confinement_detail != null && <Said>{server.confinement_detail}</Said>}
      </Part>
      <Part title={t("health.proxy.title")}>
        <p className="text-ink-soft">{t(server.hosts.length === 0 ? "health.proxy.none" : "health.proxy.some")}</p>
        {server.hosts.length > 0 && (
          <ul className="flex flex-wrap gap-1.5">
            {server.hosts.map((host) => (
              <li key={host} className="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs break-all">
                {host}
              </li>
            ))}
          </ul>
        )}
      </Part>
    </li>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="space-y-2">
      <h4 className="text-xs font-semibold text-ink-soft">{title}</h4>
      {children}
    </div>
  );
}

/** The service's own words, which are English. */
function Said({ children }: { children: string }) {
  return children === "" ? null : (
    <p lang="en" className="break-words text-ink-soft">
      {children}
    </p>
  );
}
