import type { ReactNode } from "react";

import { ArgumentList, SubscriptionName } from "@/features/tools/argument-list";
import { lastTwoSegments, resourceCount, subjectOf } from "@/features/tools/subject";
import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { CopyButton } from "@/ui/copy-button";

import type { ApprovalFacts } from "./facts";
import { ChangePreview } from "./preview/change-preview";
import { ReadNote } from "./preview/read-note";

/** What exactly is to be agreed to. */
export function ApprovalDetails({ approval }: { approval: ApprovalFacts }) {
  const { t } = useTranslation("approvals");
  const subject = subjectOf(approval.tool, approval.arguments);
  const target = approval.target ?? subject.name;
  const count = resourceCount(approval.arguments);
  return (
    <div className="space-y-4 text-sm">
      <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] items-baseline gap-x-4 gap-y-1 sm:gap-x-6">
        <Fact name={t("fact.effect")}>
          {t(`common:effect.${approval.effect}`)}
          {approval.effect !== "read_only" && approval.preview == null && (target !== null || count > 1) && <span className="text-ink-soft"> · {t("resources", { count, n: number(count) })}</span>}
        </Fact>
        <Fact name={t("fact.tool")}>
          <code className="font-mono text-xs break-all">{`${approval.server}.${approval.tool}`}</code>
        </Fact>
        {target !== null && (
          <Fact name={t("fact.resource")}>
            <span className="break-all">{lastTwoSegments(target)}</span>
          </Fact>
        )}
        {subject.subscription !== null && (
          <Fact name={t("fact.subscription")}>
            <SubscriptionName id={subject.subscription} />
          </Fact>
        )}
        <Fact name={t("fact.asker")}>
          {approval.asker.name ?? approval.asker.oid}
          {approval.requested_at !== undefined && <span className="text-ink-soft"> · {dateTime(approval.requested_at)}</span>}
        </Fact>
        <Fact name={t("fact.digest")}>
          <span className="inline-flex items-center gap-0.5">
            <code title={approval.digest} className="font-mono text-xs">
              {approval.digest.slice(0, 12)}…
            </code>
            <CopyButton inline text={approval.digest} label={t("copy_digest")} />
          </span>
        </Fact>
      </dl>
      <Block title={t("arguments")}>
        <ArgumentList values={approval.arguments} />
      </Block>
      {approval.effect === "read_only" ? <ReadNote approval={approval} /> : <ChangePreview approval={approval} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-ink-soft">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="rounded-control bg-sunken px-3 py-2.5">
      <p className="mb-1 text-xs font-semibold text-ink-soft">{title}</p>
      {children}
    </div>
  );
}
