import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { AuditRecord } from "@/api/types";
import { usePeopleNames } from "@/features/people/names";
import { ArgumentList } from "@/features/tools/argument-list";
import { dateTime, milliseconds, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { CopyText } from "@/ui/copy-text";

import { OutcomeMark } from "./outcome-mark";
import { digestsQuery } from "./queries";
import { isSealed } from "./seal";

/** Everything that a record says: who, when, what, how, and its place in the chain. */
export function RecordDetails({ record }: { record: AuditRecord }) {
  const { t } = useTranslation("audit");
  const names = usePeopleNames();
  const digests = useQuery(digestsQuery);
  const sealed = digests.data === undefined ? null : isSealed(record, digests.data.state);
  const person = (oid: string) => (
    <>
      {names.get(oid)} <Code text={oid} />
    </>
  );
  const facts: [name: Parameters<typeof t>[0], value: ReactNode][] = [
    ["record.when", dateTime(record.at)],
    ["record.who", person(record.oid)],
    ["record.acting", t(`record.acting_identity.${record.acting_identity}`)],
    ["record.tool", record.tool && <Code text={record.tool} />],
    ["record.arguments", record.arguments && <ArgumentList values={record.arguments} />],
    ["record.target", record.target],
    ["record.purpose", record.purpose && t(`record.purposes.${record.purpose}`, { defaultValue: record.purpose })],
    ["record.outcome", record.outcome && <OutcomeMark outcome={record.outcome} />],
    ["record.took", record.duration_ms == null ? null : milliseconds(record.duration_ms)],
    ["record.detail", record.detail && <span lang="en">{record.detail}</span>],
    ["record.area", record.area],
    ["record.before", record.before && <ArgumentList values={record.before} />],
    ["record.after", record.after && <ArgumentList values={record.after} />],
    ["record.decided_by", record.decided_by && person(record.decided_by.split(":").at(-1) ?? "")],
    ["record.approved", record.approval_digest && <Code text={record.approval_digest} />],
    ["record.attempt", record.attempt == null ? null : number(record.attempt)],
    [
      "record.turn",
      record.turn_id && (
        <>
          <Code text={record.turn_id} />{" "}
          <Link to="/audit" search={{ turn_id: record.turn_id, range: "all" } as never} className="text-lead underline underline-offset-2">
            {t("record.same_turn")}
          </Link>
        </>
      ),
    ],
    ["record.call", record.call_id && <Code text={record.call_id} />],
    ["record.hosts", record.hosts.length > 0 && record.hosts.join(", ")],
    ["record.correlation", record.correlation_id && <Code text={record.correlation_id} />],
    ["record.request", record.azure_request_id && <Code text={record.azure_request_id} />],
    ["record.token", record.token_uti && <Code text={record.token_uti} />],
    ["record.policy", record.policy_version && <Code text={record.policy_version} />],
    ["record.version", record.tool_hash && <Code text={record.tool_hash} />],
    ["record.result", record.result_sha256 && <Code text={record.result_sha256} />],
    ["record.chain", <Code key="chain" text={record.chain} />],
    ["record.seq", number(record.seq)],
    ["record.seal", sealed === null ? null : t(sealed ? "record.seal_sealed" : "record.seal_open")],
    ["record.hash", <CopyText key="hash" text={record.hash} label={t("record.copy", { what: t("record.hash") })} />],
    ["record.prev", <Code key="prev" text={record.prev_hash} />],
    ["record.writer", <Code key="writer" text={record.writer} />],
  ];
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[minmax(8rem,max-content)_minmax(0,1fr)]">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={String(name)} className="contents">
            <dt className="text-ink-soft">{t(name)}</dt>
            <dd className="mb-1 min-w-0 break-words sm:mb-0">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Code({ text }: { text: string }) {
  return <code className="font-mono text-xs break-all select-all">{text}</code>;
}
