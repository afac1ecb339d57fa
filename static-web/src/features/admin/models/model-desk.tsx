import { useState } from "react";

import type { ModelOffer } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Select } from "@/ui/select";
import { toast } from "@/ui/toast";

import { StoreFields } from "../store-fields";
import { ChangeList } from "./change-list";
import { changesOf, draftOf, isFaulty, standardOf, toStore, type Edits } from "./draft";
import { ModelCard } from "./model-card";
import { useStoreModelOffer } from "./queries";

/** Edit who is offered which model, look at what changes, store it with a reason. */
export function ModelDesk({ present, etag }: { present: ModelOffer; etag: string | null }) {
  const { t } = useTranslation("models");
  // Only what was edited: the rest is as it holds, also when somebody else changes it meanwhile.
  const [edits, setEdits] = useState<Edits>({});
  const [reason, setReason] = useState("");
  const [isMissing, setIsMissing] = useState(false);
  const store = useStoreModelOffer();
  const draft = draftOf(present, edits);
  const changes = changesOf(present, draft);
  const standard = standardOf(present, draft);
  const edit = (more: Edits) => {
    setEdits({ ...edits, ...more });
    store.reset();
  };
  const save = () => {
    setIsMissing(reason.trim() === "");
    if (isFaulty(present, draft) || reason.trim() === "") return;
    store.mutate(
      { offer: toStore(draft, reason.trim()), etag },
      {
        onSuccess: () => {
          setEdits({});
          setReason("");
          toast(t("saved"));
        },
      },
    );
  };
  const configured = present.items.filter(({ description }) => description != null).map(({ name }) => ({ value: name, label: name }));
  const isKnown = draft.default === "" || configured.some(({ value }) => value === draft.default);
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
        label={t("default")}
        description={t("default_text")}
        value={draft.default}
        options={[
          { value: "", label: t("as_installed", { name: present.default_of_deployment }) },
          ...configured,
          ...(isKnown ? [] : [{ value: draft.default, label: t("gone_default", { name: draft.default }) }]),
        ]}
        onChoose={(value) => edit({ default: value })}
      />
      <ul aria-label={t("title")} className="space-y-4">
        {present.items.map((model) => (
          <ModelCard
            key={model.name}
            model={model}
            onlyFor={draft.onlyFor[model.name] ?? null}
            isStandard={model.name === standard}
            onChange={(onlyFor) => edit({ onlyFor: { ...edits.onlyFor, [model.name]: onlyFor } })}
          />
        ))}
      </ul>
      {changes.length > 0 && (
        <>
          <ChangeList changes={changes} standard={present.default_of_deployment} />
          <StoreFields
            texts="models"
            reason={reason}
            isMissing={isMissing}
            onReason={(value) => {
              setReason(value);
              setIsMissing(false);
            }}
            error={store.error}
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
