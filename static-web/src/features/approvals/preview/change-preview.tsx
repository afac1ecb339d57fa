import { clsx } from "clsx";
import { TriangleAlert } from "lucide-react";

import type { Preview } from "@/api/types";
import { lastTwoSegments } from "@/features/tools/subject";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";

import type { ApprovalFacts } from "../facts";
import { FieldTable } from "./field-table";
import { MARKS } from "./marks";
import { UndoPlan } from "./undo-plan";
import { whyNone } from "./why-none";

/** What the call would do, as it was read before anybody was asked; or why nobody can tell. */
export function ChangePreview({ approval }: { approval: Pick<ApprovalFacts, "server" | "arguments" | "preview" | "preview_state"> }) {
  const { t } = useTranslation("approvals");
  const none = whyNone(approval);
  return (
    <div className="space-y-2 rounded-control bg-sunken px-3 py-2.5">
      <p className="text-xs font-semibold text-ink-soft">{t("preview.title")}</p>
      {none !== null || approval.preview == null ? (
        <p className="flex items-start gap-2">
          {none !== "none" && <TriangleAlert size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />}
          <span className="min-w-0">{t(`preview.without.${none ?? "unreadable"}`)}</span>
        </p>
      ) : (
        <>
          <Action preview={approval.preview} />
          {(approval.preview.action === "nothing" || approval.preview.action === "missing") && <p>{t(`preview.${approval.preview.action}`)}</p>}
          {approval.preview.fields.length > 0 && <FieldTable preview={approval.preview} />}
          <UndoPlan preview={approval.preview} server={approval.server} asked={approval.arguments} />
        </>
      )}
    </div>
  );
}

/** What becomes of the resource, as a sign and a word, and how many are touched. */
function Action({ preview }: { preview: Preview }) {
  const { t } = useTranslation("approvals");
  const { sign, colour } = MARKS[preview.action];
  return (
    <p className="flex flex-wrap items-baseline gap-x-2">
      <span className={clsx("font-semibold whitespace-nowrap", colour)}>
        {sign !== "" && (
          <span aria-hidden className="font-mono">
            {sign}{" "}
          </span>
        )}
        {t(`preview.action.${preview.action}`)}
      </span>
      {preview.resource != null && <span className="min-w-0 font-medium break-all">{lastTwoSegments(preview.resource)}</span>}
      {preview.resources > 0 && (
        <span className="text-ink-soft">{t("preview.resources", { count: preview.resources, n: number(preview.resources) })}</span>
      )}
    </p>
  );
}
