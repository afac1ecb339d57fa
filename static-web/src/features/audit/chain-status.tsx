import { useMutation, useQuery } from "@tanstack/react-query";
import { CircleAlert, ShieldCheck, ShieldQuestion } from "lucide-react";

import { dateTime, number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";

import { verify, type Broken, type Verified } from "./check/verify";
import type { Filter } from "./filter";
import { DIGESTS, digestsQuery, exportRecords } from "./queries";

/** How far the records are sealed, and their hashes computed again on demand. */
export function ChainStatus({ filter }: { filter: Filter }) {
  const { t } = useTranslation("audit");
  const digests = useQuery(digestsQuery);
  const check = useMutation({
    mutationFn: async () => {
      const lines = (await (await exportRecords(filter, "ndjson")).text()).split("\n").filter((line) => line !== "");
      const heads = (digests.data?.items ?? []).flatMap(({ number: digest, chains }) => chains.map((head) => ({ ...head, digest })));
      return verify(lines, heads);
    },
  });
  if (digests.data === undefined) {
    return digests.error === null ? <SkeletonList rows={2} /> : <ProblemNotice error={digests.error} onRetry={() => void digests.refetch()} />;
  }
  const { sealed_up_to: sealedUpTo, unsealed, unsealed_since: since } = digests.data.state;
  const Icon = unsealed.length === 0 && sealedUpTo != null ? ShieldCheck : ShieldQuestion;
  return (
    <div className="space-y-3 rounded-card border border-line bg-raised p-4 text-sm shadow-card">
      <div className="flex items-start gap-3">
        <Icon size={20} aria-hidden className={`mt-0.5 shrink-0 ${Icon === ShieldCheck ? "text-good" : "text-warn"}`} />
        <div className="min-w-0">
          <p className="font-medium">{sealedUpTo == null ? t("chain.never") : t("chain.sealed", { when: dateTime(sealedUpTo) })}</p>
          <p className="text-ink-soft">
            {since == null ? t("chain.all") : t(unsealed.length >= 100 ? "chain.many_open" : "chain.open", { count: unsealed.length, since: dateTime(since) })}
          </p>
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button aria-disabled={check.isPending} onClick={() => !check.isPending && check.mutate()}>
          <ShieldCheck size={16} aria-hidden />
          {t(check.isPending ? "chain.checking" : "chain.check")}
        </Button>
        <p className="min-w-0 flex-1 basis-60 text-xs text-ink-soft">{t("chain.check_hint")}</p>
      </div>
      <div role="status">{check.data !== undefined && <Found found={check.data} isWhole={digests.data.next_cursor == null} />}</div>
      {check.error !== null && (check.error instanceof SyntaxError ? <p className="text-bad">{t("chain.cut")}</p> : <ProblemNotice error={check.error} onRetry={() => check.mutate()} />)}
    </div>
  );
}

function Found({ found, isWhole }: { found: Verified | Broken; isWhole: boolean }) {
  const { t } = useTranslation("audit");
  if ("what" in found) {
    return (
      <div className="flex items-start gap-2.5 rounded-control border border-bad/40 bg-bad-soft p-3">
        <CircleAlert size={17} aria-hidden className="mt-0.5 shrink-0 text-bad" />
        <div className="min-w-0 space-y-1">
          <p className="font-semibold break-words">{t(`chain.bad.${found.what}`, { chain: found.chain, seq: number(found.seq), digest: number(found.digest) })}</p>
          <p>{t("chain.bad_next")}</p>
        </div>
      </div>
    );
  }
  if (found.records === 0) return <p>{t("chain.nothing")}</p>;
  return (
    <div className="flex items-start gap-2.5 rounded-control bg-good-soft p-3">
      <ShieldCheck size={17} aria-hidden className="mt-0.5 shrink-0 text-good" />
      <p className="min-w-0">
        {t("chain.good", { records: number(found.records), chains: number(found.chains), links: number(found.links), sealed: number(found.sealed) })}
        {!isWhole && ` ${t("chain.digests_more", { n: number(DIGESTS) })}`}
      </p>
    </div>
  );
}
