import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { ChevronDown } from "lucide-react";
import { useId, useState } from "react";

import type { PolicyVersion } from "@/api/types";
import { TextPages } from "@/features/tools/text-pages";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { versionQuery, versionsQuery } from "./queries";

/** What held before: who stored it, when and why; any of it can be taken up again. */
export function VersionList({ onTake }: { onTake(text: string): void }) {
  const { t } = useTranslation("admin");
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(versionsQuery);
  if (data === undefined) {
    return error === null ? <SkeletonList rows={3} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const versions = data.pages.flatMap((page) => page.items);
  if (versions.length === 0) return <p className="text-sm text-ink-soft">{t("policies.no_versions")}</p>;
  return (
    <div className="space-y-3">
      <ul className="divide-y divide-line rounded-card border border-line bg-raised shadow-card">
        {versions.map((version) => (
          <Version key={version.number} version={version} onTake={onTake} />
        ))}
      </ul>
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t(isFetchingNextPage ? "loading_more" : "load_more")}
        </Button>
      )}
    </div>
  );
}

function Version({ version, onTake }: { version: PolicyVersion; onTake(text: string): void }) {
  const { t } = useTranslation("admin");
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li className="text-sm">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex w-full items-start gap-3 px-4 py-3 text-left hover:bg-sunken/60"
      >
        <span className="min-w-0 flex-1">
          <span className="font-medium">{t("policies.version", { number: number(version.number) })}</span>
          <span className="text-ink-soft"> · {t("policies.stored_by", { who: version.by_name ?? version.by, when: dateTime(version.at) })}</span>
          <span className="mt-0.5 block break-words">{version.reason}</span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-1 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="px-4 pb-4">
        {open && <VersionText number={version.number} onTake={onTake} />}
      </div>
    </li>
  );
}

function VersionText({ number: wanted, onTake }: { number: number; onTake(text: string): void }) {
  const { t } = useTranslation("admin");
  const { data, error, refetch } = useQuery(versionQuery(wanted));
  if (data === undefined) {
    return error === null ? <SkeletonList rows={3} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  return (
    <div className="space-y-3">
      <TextPages text={data.text} label={t("policies.version", { number: number(wanted) })} />
      <Button size="small" onClick={() => onTake(data.text)}>
        {t("policies.take")}
      </Button>
    </div>
  );
}
