import { useNavigate, useSearch } from "@tanstack/react-router";

import { usePageTitle } from "@/app/page-title";
import { ApprovalList } from "@/features/approvals/approval-list";
import { KINDS, type Kind } from "@/features/approvals/kinds";
import { LinkedApproval } from "@/features/approvals/linked-approval";
import { usePendingApprovals } from "@/features/approvals/queries";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Tabs } from "@/ui/tabs";

/** What the address says: one approval, or a kind of them. */
interface Place {
  id?: string;
  state?: Kind;
}

export function ApprovalsPage() {
  const { t } = useTranslation("approvals");
  const { id, state } = placeOf(useSearch({ strict: false }));
  const navigate = useNavigate();
  const count = usePendingApprovals();
  const kind = state ?? "pending";
  const go = (place: Place) => void navigate({ to: "/approvals", search: place as never });
  usePageTitle(t("title"));
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" data-scroll="page">
      <div className="mx-auto max-w-4xl px-4 py-8 sm:px-8">
        <h1 className="text-2xl font-semibold">{t("title")}</h1>
        <p className="mt-1 text-sm text-ink-soft">{t("text")}</p>
        <div className="mt-6">
          {id !== undefined ? (
            <LinkedApproval id={id} onClose={() => go({})} />
          ) : (
            <Tabs<Kind>
              label={t("tabs")}
              tabs={KINDS.map((name) => ({
                name,
                label: (
                  <>
                    {t(`tab.${name}`)}
                    {name === "pending" && count > 0 && (
                      <span className="rounded-full bg-lead px-1.5 text-xs leading-5 font-semibold text-on-lead tabular-nums">{number(count)}</span>
                    )}
                  </>
                ),
              }))}
              selected={kind}
              onSelect={(name) => go(name === "pending" ? {} : { state: name })}
            >
              <ApprovalList key={kind} kind={kind} />
            </Tabs>
          )}
        </div>
      </div>
    </div>
  );
}

function placeOf(search: Record<string, unknown>): Place {
  const { id, state } = search;
  return {
    ...(typeof id === "string" && id !== "" ? { id } : {}),
    ...(KINDS.some((kind) => kind === state) ? { state: state as Kind } : {}),
  };
}
