import { useState } from "react";

import type { Simulation, ToolPolicy } from "@/api/types";
import { EffectBadge } from "@/features/tools/effect-badge";
import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";

type Difference = Simulation["differences"][number];

/** Rows that are put on the page at a time. */
const ROWS = 50;

/** Who would gain and lose what. */
export function SimulationResult({ simulation }: { simulation: Simulation }) {
  const { t } = useTranslation("admin");
  const [shown, setShown] = useState(ROWS);
  const { gained, lost, otherwise, compared, complete, differences } = simulation;
  const sum = gained + lost + otherwise;
  const anywhere = t(differences.some((one) => placeOf(one) !== "") ? "policies.preview.elsewhere" : "policies.preview.anywhere");
  return (
    <div className="space-y-4 text-sm">
      <dl className="grid gap-3 sm:grid-cols-3">
        {(["lost", "gained", "otherwise"] as const).map((kind) => (
          <div key={kind} className="rounded-control border border-line bg-sunken p-3">
            <dt className="text-xs text-ink-soft">{t(`policies.preview.${kind}`)}</dt>
            <dd className="text-lg font-semibold tabular-nums">{number(simulation[kind])}</dd>
          </div>
        ))}
      </dl>
      <p className="text-ink-soft">
        {t(sum === 0 ? "policies.preview.nothing" : "policies.preview.compared", { compared: number(compared) })}
        {!complete && <span className="block font-medium text-warn">{t("policies.preview.incomplete")}</span>}
      </p>
      {differences.length > 0 && (
        <div role="region" aria-label={t("policies.preview.table")} tabIndex={0} className="overflow-x-auto rounded-control border border-line">
          <table className="w-full min-w-2xl text-left text-sm">
            <caption className="sr-only">{t("policies.preview.table")}</caption>
            <thead className="bg-sunken text-xs text-ink-soft">
              <tr>
                {(["role", "tool", "place", "before", "after"] as const).map((column) => (
                  <th key={column} scope="col" className="px-3 py-2 font-semibold">
                    {t(`policies.preview.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {differences.slice(0, shown).map((difference, index) => (
                <Row key={index} difference={difference} anywhere={anywhere} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {differences.length > shown && (
        <Button size="small" onClick={() => setShown(shown + ROWS)}>
          {t("policies.preview.more", { n: number(Math.min(ROWS, differences.length - shown)) })}
        </Button>
      )}
      {sum > differences.length && <p className="text-xs text-ink-soft">{t("policies.preview.cut", { n: number(differences.length), sum: number(sum) })}</p>}
    </div>
  );
}

/** Empty: one that no policy names. */
function placeOf({ subscription, resource_group }: Difference): string {
  return [subscription, resource_group].filter((part) => part != null).join(" / ");
}

function Row({ difference, anywhere }: { difference: Difference; anywhere: string }) {
  const { t } = useTranslation("admin");
  const place = placeOf(difference);
  return (
    <tr className="align-top">
      <td className="px-3 py-2">{t(`common:role.${difference.role}.name`, { defaultValue: difference.role })}</td>
      <td className="px-3 py-2">
        <span className="mb-1 block font-mono text-xs break-all">{`${difference.server}.${difference.tool}`}</span>
        <EffectBadge effect={difference.effect} />
      </td>
      <td className="px-3 py-2 break-all">{place === "" ? <span className="text-ink-soft">{anywhere}</span> : place}</td>
      <td className="px-3 py-2">
        <Decision policy={difference.before} />
      </td>
      <td className="px-3 py-2 font-medium">
        <Decision policy={difference.after} />
      </td>
    </tr>
  );
}

function Decision({ policy }: { policy: ToolPolicy }) {
  const { t } = useTranslation("admin");
  switch (policy.decision) {
    case "allow":
      return t("policies.decision.allow");
    case "require_approval":
      return t(`policies.decision.${policy.by}`);
    case "deny":
      return <span title={t(`outcomes:reason.${policy.reason}`, { defaultValue: policy.reason })}>{t("policies.decision.deny")}</span>;
  }
}
