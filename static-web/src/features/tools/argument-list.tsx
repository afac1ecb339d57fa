import { lazy, Suspense } from "react";

import { useSubscriptions } from "@/api/queries";
import { useTranslation } from "@/i18n/use-translation";

import { HIDDEN } from "./secret/sealed";
import { SecretBadge } from "./secret/secret-badge";
import { isObject } from "./tables";

const JsonTree = lazy(() => import("./json-tree").then((module) => ({ default: module.JsonTree })));

/** Names and values, such as a call's arguments. */
export function ArgumentList({ values }: { values: Record<string, unknown> | [string, unknown][] }) {
  const { t } = useTranslation("tools");
  const entries = Array.isArray(values) ? values : Object.entries(values);
  if (entries.length === 0) return <p className="text-ink-soft">{t("no_arguments")}</p>;
  return (
    <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] items-baseline gap-x-4 gap-y-1 sm:gap-x-6">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="font-mono text-xs break-all text-ink-soft">{name}</dt>
          <dd className="min-w-0 break-words">
            <ArgumentValue name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ArgumentValue({ name, value }: { name: string; value: unknown }) {
  const { t } = useTranslation("tools");
  if (value === null || value === undefined || value === "") return <span className="text-ink-faint">{t("no_value")}</span>;
  if (value === HIDDEN) return <SecretBadge />;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return <span>{value.join(", ")}</span>;
  if (Array.isArray(value) || isObject(value)) {
    return (
      <Suspense fallback={<code className="font-mono text-xs">{JSON.stringify(value)}</code>}>
        <JsonTree value={value} />
      </Suspense>
    );
  }
  if (name === "subscription" && typeof value === "string") return <SubscriptionName id={value} />;
  return <span className="break-words whitespace-pre-wrap">{String(value)}</span>;
}

/** A subscription by its name; the id stays readable beside it. */
export function SubscriptionName({ id }: { id: string }) {
  const found = useSubscriptions().data?.items.find((item) => item.id === id);
  if (found === undefined) return <span className="break-all">{id}</span>;
  return (
    <span>
      {found.name} <span className="font-mono text-xs break-all text-ink-faint">{id}</span>
    </span>
  );
}
