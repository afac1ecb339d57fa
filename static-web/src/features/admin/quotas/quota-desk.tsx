import { CircleAlert } from "lucide-react";
import { useEffect, useState } from "react";

import { ProblemError } from "@/api/problem";
import type { Quotas } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Select } from "@/ui/select";
import { toast } from "@/ui/toast";

import { StoreFields } from "../store-fields";
import { ChangeList } from "./change-list";
import { changesOf, draftOf, firstFault, GROUPS, placeOf, toStore, withEdits, type Draft, type Group } from "./draft";
import { useGroupName } from "./group-name";
import { fieldId, LimitField } from "./limit-field";
import { useStoreQuotas } from "./queries";

/** Edit limits, look at what changes, store them with a reason. */
export function QuotaDesk({ present, etag }: { present: Quotas; etag: string | null }) {
  const { t } = useTranslation("quotas");
  const groupName = useGroupName();
  // Only what was edited: the rest is as it holds, also when somebody else changes it meanwhile.
  const [edits, setEdits] = useState<Partial<Draft>>({});
  const [group, setGroup] = useState<Group>("person");
  const [reason, setReason] = useState("");
  const [isMissing, setIsMissing] = useState(false);
  const [goTo, setGoTo] = useState<string | null>(null);
  const store = useStoreQuotas();
  const draft = withEdits(draftOf(present), edits);
  const changes = changesOf(present, draft);
  const fault = firstFault(draft, present.known);
  const problem = store.error instanceof ProblemError ? store.error : null;
  const refused = problem === null ? null : placeOf(problem.problem.pointer ?? "");

  // The field may be one of a group that is shown only now.
  useEffect(() => {
    if (goTo === null) return;
    document.getElementById(goTo)?.focus();
    setGoTo(null);
  }, [goTo]);
  const show = (place: { group: Group; name: string }) => {
    setGroup(place.group);
    setGoTo(fieldId(place.group, place.name));
  };
  const change = (name: string, text: string) => {
    setEdits({ ...edits, [group]: { ...edits[group], [name]: text } });
    store.reset();
  };
  const save = () => {
    setIsMissing(reason.trim() === "");
    if (fault !== null) show(fault);
    else if (reason.trim() !== "")
      store.mutate(
        { limits: toStore(draft, present.known, reason.trim()), etag },
        {
          onSuccess: () => {
            setEdits({});
            setReason("");
            toast(t("saved"));
          },
          onError: (error) => {
            const place = error instanceof ProblemError ? placeOf(error.problem.pointer ?? "") : null;
            if (place !== null) show(place);
          },
        },
      );
  };
  return (
    <form
      className="space-y-5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (changes.length > 0 && !store.isPending) save();
      }}
    >
      <Select
        label={t("group_label")}
        description={t(`group_text.${group === "person" || group === "tenant" ? group : "role"}`)}
        value={group}
        options={GROUPS.map((value) => ({ value, label: groupName(value) }))}
        onChoose={(value) => setGroup(value as Group)}
      />
      <div className="divide-y divide-line rounded-card border border-line bg-raised px-4 shadow-card">
        {present.known.map((quota) => (
          <LimitField
            key={`${group} ${quota.name}`}
            quota={quota}
            group={group}
            text={draft[group][quota.name] ?? ""}
            refused={refused?.group === group && refused.name === quota.name ? (problem?.problem.detail ?? null) : null}
            onChange={(text) => change(quota.name, text)}
          />
        ))}
      </div>
      {changes.length > 0 && (
        <>
          {fault === null ? (
            <ChangeList changes={changes} />
          ) : (
            <p className="flex items-center gap-2 text-sm text-bad">
              <CircleAlert size={16} aria-hidden />
              {t("faulty")}
            </p>
          )}
          <StoreFields
            texts="quotas"
            reason={reason}
            isMissing={isMissing}
            onReason={(value) => {
              setReason(value);
              setIsMissing(false);
            }}
            error={refused === null ? store.error : null}
            isPending={store.isPending}
            onDiscard={() => {
              setEdits({});
              store.reset();
            }}
          />
        </>
      )}
    </form>
  );
}
