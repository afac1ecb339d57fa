import { Eye, KeyRound } from "lucide-react";

import { subjectOf } from "@/features/tools/subject";
import { useTranslation } from "@/i18n/use-translation";

import type { ApprovalFacts } from "../facts";
import { revealsSecret } from "../secret";

type ReadFacts = Pick<ApprovalFacts, "secret" | "effect" | "tool" | "arguments" | "asker">;

/** What a call does that changes nothing: it has no preview, and needs none. */
export function ReadNote({ approval }: { approval: ReadFacts }) {
  const { t } = useTranslation("approvals");
  const reveals = revealsSecret(approval);
  const Icon = reveals ? KeyRound : Eye;
  return (
    <div className="space-y-2 rounded-control bg-sunken px-3 py-2.5">
      <p className="text-xs font-semibold text-ink-soft">{t("read.title")}</p>
      <div className="flex items-start gap-2">
        <Icon size={16} className="mt-0.5 shrink-0 text-lead" aria-hidden />
        <div className="min-w-0 space-y-1">
          {reveals && <Reveals approval={approval} />}
          <p>{t("read.nothing_changes")}</p>
        </div>
      </div>
    </div>
  );
}

function Reveals({ approval }: { approval: ReadFacts }) {
  const { t } = useTranslation("approvals");
  const { name } = subjectOf(approval.tool, approval.arguments);
  const { vault } = approval.arguments;
  const who = approval.asker.name ?? approval.asker.oid;
  return (
    <>
      <p className="break-words">
        {name === null
          ? t("read.reveals", { who })
          : typeof vault === "string"
            ? t("read.reveals_of", { who, name, vault })
            : t("read.reveals_named", { who, name })}
      </p>
      <p>{t("read.only_asker")}</p>
    </>
  );
}
