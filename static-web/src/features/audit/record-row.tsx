import { clsx } from "clsx";
import { ChevronDown, Link2 } from "lucide-react";
import { useId } from "react";

import type { AuditRecord } from "@/api/types";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";
import type { RowPlace } from "@/ui/virtual-list";

import { OutcomeMark } from "./outcome-mark";
import { RecordDetails } from "./record-details";

/** One record in a line; everything about it on demand. */
export function RecordRow({ record, who, open, onToggle, place }: { record: AuditRecord; who: string; open: boolean; onToggle(): void; place: RowPlace }) {
  const { t } = useTranslation("audit");
  const id = useId();
  const subject = [record.tool ?? record.area, record.target].filter(Boolean).join(" · ");
  return (
    <li {...place} className="text-sm">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={onToggle}
        className="flex min-h-11 w-full items-start gap-3 px-4 py-2.5 text-left hover:bg-sunken/60"
      >
        <span className="grid min-w-0 flex-1 gap-x-4 gap-y-0.5 md:grid-cols-[11rem_minmax(0,1fr)_auto]">
          <span className="text-ink-soft tabular-nums">{dateTime(record.at)}</span>
          <span className="min-w-0">
            <span className="font-medium">{t(`kinds.${record.kind}`, { defaultValue: record.kind })}</span>
            {subject !== "" && <span className="ml-2 font-mono text-xs break-all">{subject}</span>}
            <span className="block break-all text-ink-soft">{who}</span>
          </span>
          <span>{record.outcome != null && <OutcomeMark outcome={record.outcome} />}</span>
        </span>
        <ChevronDown size={17} aria-hidden className={clsx("mt-0.5 shrink-0 text-ink-faint transition-transform", open && "rotate-180")} />
      </button>
      <div id={id} hidden={!open} className="space-y-4 border-t border-line bg-surface px-4 py-4">
        {open && (
          <>
            <RecordDetails record={record} />
            {record.id != null && (
              <ButtonLink to="/audit/$recordId" params={{ recordId: record.id } as never}>
                <Link2 size={16} aria-hidden />
                {t("record.details")}
              </ButtonLink>
            )}
          </>
        )}
      </div>
    </li>
  );
}
