import { FlaskConical, RotateCcw, TriangleAlert } from "lucide-react";
import { useMemo, useRef, useState } from "react";

import { ProblemError } from "@/api/problem";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

import { FaultList } from "./fault-list";
import { offsetOf, type Fault } from "./faults";
import { MAX_BYTES, PolicyEditor } from "./policy-editor";
import { useSimulation, useStorePolicies } from "./queries";
import { SimulationResult } from "./simulation";
import { StoreForm } from "./store-form";
import { VersionList } from "./version-list";

const encoder = new TextEncoder();

/** Edit, look at what that would change, store: in this order. `present` is what holds now. */
export function PolicyDesk({ present, etag }: { present: string; etag: string | null }) {
  const { t } = useTranslation("admin");
  // `null`: nothing was edited, what holds is shown.
  const [draft, setDraft] = useState<string | null>(null);
  const editor = useRef<HTMLTextAreaElement>(null);
  const simulation = useSimulation();
  const store = useStorePolicies();
  const text = draft ?? present;
  const size = useMemo(() => encoder.encode(text).length, [text]);
  const isChanged = text !== present;
  const isLookedAt = simulation.data !== undefined && simulation.variables === text;
  const error = store.error ?? simulation.error;
  const isStale = store.error instanceof ProblemError && store.error.status === 412;

  const change = (next: string) => {
    setDraft(next);
    store.reset();
  };
  const look = () => {
    store.reset();
    simulation.mutate(text);
  };
  const save = (reason: string) =>
    store.mutate(
      { text, reason, etag },
      {
        onSuccess: () => {
          setDraft(null);
          simulation.reset();
          toast(t("policies.stored"));
        },
      },
    );
  const go = ({ line, column }: Fault) => {
    const at = offsetOf(text, line, column);
    editor.current?.focus();
    editor.current?.setSelectionRange(at, at);
    // The browser scrolls to the cursor only when something is typed there.
    if (editor.current !== null) editor.current.scrollTop = (editor.current.scrollHeight / text.split("\n").length) * Math.max(0, line - 4);
  };
  return (
    <>
      <div className="space-y-4">
        <PolicyEditor ref={editor} text={text} onChange={change} size={size} invalid={isInvalid(error)} />
        {isStale ? (
          <div role="alert" className="flex animate-fade-in items-start gap-2.5 rounded-control border border-warn/40 bg-warn-soft p-3 text-sm">
            <TriangleAlert size={17} className="mt-0.5 shrink-0 text-warn" aria-hidden />
            <p>{t("policies.stale")}</p>
          </div>
        ) : isInvalid(error) ? (
          <FaultList error={error} onGo={go} />
        ) : (
          error !== null && <ProblemNotice error={error} />
        )}
        <div className="flex flex-wrap gap-2">
          <Button tone={isLookedAt ? "plain" : "lead"} disabled={!isChanged || size > MAX_BYTES || simulation.isPending} onClick={look}>
            <FlaskConical size={16} aria-hidden />
            {t(simulation.isPending ? "policies.looking" : "policies.look")}
          </Button>
          {isChanged && (
            <Button onClick={() => change(present)}>
              <RotateCcw size={16} aria-hidden />
              {t("policies.discard")}
            </Button>
          )}
        </div>
        {!isChanged && <p className="text-sm text-ink-soft">{t("policies.unchanged")}</p>}
      </div>
      <p role="status" className="sr-only">
        {isLookedAt && isChanged && t("policies.preview.ready", { lost: number(simulation.data.lost), gained: number(simulation.data.gained) })}
      </p>
      {isLookedAt && isChanged && (
        <section aria-labelledby="policies-preview" className="space-y-4 rounded-card border border-line bg-raised p-4 shadow-card sm:p-5">
          <h2 id="policies-preview" className="text-lg font-semibold">
            {t("policies.preview.title")}
          </h2>
          <SimulationResult simulation={simulation.data} />
          <StoreForm busy={store.isPending} onStore={save} />
        </section>
      )}
      <section aria-labelledby="policies-history" className="space-y-3">
        <h2 id="policies-history" className="text-lg font-semibold">
          {t("policies.history")}
        </h2>
        <VersionList
          onTake={(taken) => {
            change(taken);
            editor.current?.focus();
          }}
        />
      </section>
    </>
  );
}

function isInvalid(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.code === "policies_invalid";
}
