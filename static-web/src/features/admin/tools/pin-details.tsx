import { useState } from "react";

import { Fact } from "@/features/settings/fact";
import { TextPages } from "@/features/tools/text-pages";
import { dateTime } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

import { ChangeView } from "./change-view";
import type { SeenPin } from "./queries";
import { actsOf, type Act } from "./settle";
import { SettleForm } from "./settle-form";

/** Everything about a tool: what it says of itself, what changed in it, what was settled, what can be. */
export function PinDetails({ seen }: { seen: SeenPin }) {
  const { t } = useTranslation("admin_tools");
  const { pin } = seen;
  const [act, setAct] = useState<Act | null>(null);
  const settled = pin.settled ?? null;
  return (
    <div className="space-y-5 text-sm">
      <p className="text-ink-soft">{t(pin.disabled_by == null ? `state_text.${pin.state}` : `disabled_by.${pin.disabled_by}`)}</p>
      {pin.change != null ? (
        <ChangeView change={pin.change} />
      ) : (
        <>
          <p lang="en" className="max-w-prose break-words whitespace-pre-wrap">
            {pin.description}
          </p>
          <details>
            <summary className="min-h-6 font-medium pointer-coarse:min-h-11">{t("schema")}</summary>
            <div className="mt-2">
              <TextPages text={JSON.stringify(pin.input_schema, null, 2)} label={t("schema")} />
            </div>
          </details>
        </>
      )}
      <dl className="space-y-3">
        {pin.pinned_hash != null && <Hash name={t("pinned_hash")} hash={pin.pinned_hash} />}
        {pin.offered_hash != null && pin.offered_hash !== pin.pinned_hash && <Hash name={t("offered_hash")} hash={pin.offered_hash} />}
        {settled !== null && (
          <Fact name={t("settled")}>
            <span className="break-words">{t("settled_by", { who: settled.by_name ?? settled.by, when: dateTime(settled.at), reason: settled.reason })}</span>
          </Fact>
        )}
      </dl>
      {act === null ? (
        <div className="flex flex-wrap gap-2">
          {actsOf(pin).map((one) => (
            <Button key={one} size="small" tone={one === "accept" || one === "switch_on" ? "lead" : "plain"} onClick={() => setAct(one)}>
              {t(`act.${one}`)}
            </Button>
          ))}
        </div>
      ) : (
        <SettleForm key={act} seen={seen} act={act} onEnd={() => setAct(null)} />
      )}
    </div>
  );
}

function Hash({ name, hash }: { name: string; hash: string }) {
  return (
    <Fact name={name}>
      <code className="font-mono text-xs break-all select-all">{hash}</code>
    </Fact>
  );
}
