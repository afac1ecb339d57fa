import { useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";

import { useChangeSettings, useSettings } from "@/api/queries";
import { toastProblem } from "@/app/toast-problem";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { ToolFinder } from "./tool-finder";

/** As many as the API keeps. */
const MOST = 50;

interface Named {
  server: string;
  tool: string;
}

const isSame = (one: Named, other: Named) => one.server === other.server && one.tool === other.tool;

/** Tools whose changes run without asking: which, since when, and whether they still count. */
export function AllowedSection() {
  const { t } = useTranslation("settings");
  const settings = useSettings();
  const { mutate, isPending } = useChangeSettings();
  const queries = useQueryClient();
  const [isAdding, setIsAdding] = useState(false);
  if (settings.data === undefined) {
    return settings.error === null ? <SkeletonList rows={2} /> : <ProblemNotice error={settings.error} onRetry={() => void settings.refetch()} />;
  }
  const chosen = settings.data.value.always_allowed_tools;
  const saved = () => {
    setIsAdding(false);
    // The list of tools says so, too.
    void queries.invalidateQueries({ queryKey: ["tools"] });
  };
  const save = (tools: readonly Named[], anew?: Named) =>
    mutate({ always_allowed_tools: tools.map(({ server, tool }) => ({ server, tool, anew: anew !== undefined && isSame(anew, { server, tool }) })) }, { onSuccess: saved, onError: toastProblem });
  return (
    <div className="space-y-4">
      {chosen.length === 0 ? (
        <p className="text-sm text-ink-soft">{t("allowed.none")}</p>
      ) : (
        <ul aria-label={t("allowed.title")} className="divide-y divide-line rounded-control border border-line text-sm">
          {chosen.map((one) => {
            const name = `${one.server}.${one.tool}`;
            return (
              <li key={name} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2.5">
                <span className="min-w-0 space-y-1">
                  <span className="block font-mono break-all">{name}</span>
                  {one.changed ? (
                    <Badge tone="warn" icon={<TriangleAlert size={13} aria-hidden />}>
                      {t("allowed.changed")}
                    </Badge>
                  ) : (
                    <span className="block text-ink-soft">{t("allowed.since", { when: dateTime(one.at) })}</span>
                  )}
                </span>
                <Button size="small" disabled={isPending} aria-label={t("allowed.remove_named", { name })} onClick={() => save(chosen.filter((other) => !isSame(other, one)))}>
                  {t("allowed.remove")}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      {isAdding ? (
        <ToolFinder isTaken={(tool) => chosen.some((one) => isSame(one, tool) && !one.changed)} isBusy={isPending} onChoose={(tool) => save([...chosen.filter((one) => !isSame(one, tool)), tool], tool)} />
      ) : (
        <Button size="small" disabled={chosen.length >= MOST} onClick={() => setIsAdding(true)}>
          {t("allowed.add")}
        </Button>
      )}
    </div>
  );
}
