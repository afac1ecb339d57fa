import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";

import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem-notice";

import { DeleteDialog } from "./delete-dialog";
import { deleteMyData } from "./my-data";

const GOES = ["goes_conversations", "goes_calls", "goes_settings"] as const;
const STAYS = ["stays_audit", "stays_usage", "stays_session"] as const;

/** Says what goes and what stays, asks once more, and goes on until it is done. */
export function DeleteData() {
  const { t } = useTranslation("settings");
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [deleted, setDeleted] = useState(0);
  const deletion = useMutation({
    mutationFn: () => deleteMyData((conversations) => setDeleted((sum) => sum + conversations)),
    // Whatever is shown may be gone, also when it ended early.
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <div className="space-y-4 border-t border-line pt-5">
      <h3 className="font-semibold">{t("data.delete")}</h3>
      <div className="grid gap-4 text-sm sm:grid-cols-2">
        <List title={t("data.goes")} items={GOES.map((key) => t(`data.${key}`))} />
        <List title={t("data.stays")} items={STAYS.map((key) => t(`data.${key}`))} />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button tone="danger" disabled={deletion.isPending} onClick={() => setIsAsking(true)}>
          <Trash2 size={16} aria-hidden />
          {t("data.begin")}
        </Button>
        <span role="status" className="text-sm tabular-nums">
          {deletion.isPending ? t("data.deleting", { n: number(deleted) }) : deletion.isSuccess && t("data.deleted", { n: number(deleted) })}
        </span>
      </div>
      {deletion.error !== null && <ProblemNotice error={deletion.error} onRetry={() => deletion.mutate()} />}
      {isAsking && (
        <DeleteDialog
          onCancel={() => setIsAsking(false)}
          onDelete={() => {
            setIsAsking(false);
            setDeleted(0);
            deletion.mutate();
          }}
        />
      )}
    </div>
  );
}

function List({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <div>
      <p className="font-medium">{title}</p>
      <ul className="mt-1 list-disc space-y-1 pl-5 text-ink-soft">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  );
}
