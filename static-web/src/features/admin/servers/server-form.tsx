import { useState } from "react";

import { ProblemError } from "@/api/problem";
import type { AddedServer, AddedServers } from "@/api/types";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { ChoiceCards } from "@/ui/choice-cards";
import { ProblemNotice } from "@/ui/problem-notice";
import { toast } from "@/ui/toast";

import { ReasonField } from "../reason-field";
import { StaleNotice } from "../stale-notice";
import { draftOf, EMPTY, faultsOf, fieldOf, getsToken, toSet, type Draft, type Fault, type Field, type TextName, type Way } from "./draft";
import { PasteBox } from "./paste-box";
import { isStale, useSetServer } from "./queries";
import { TextField } from "./text-field";

/** What the operator of the installation allows. */
export type Allowed = Pick<AddedServers, "commands" | "hosts" | "secrets">;

const WAYS: readonly Way[] = ["program", "url"];

interface ServerFormProps {
  /** The one to change; without it one is added. */
  server?: AddedServer;
  allowed: Allowed;
  etag: string | null;
  onEnd(): void;
}

/** A tool server in the form of `mcpServers`, each fault at its field. */
export function ServerForm({ server, allowed, etag, onEnd }: ServerFormProps) {
  const { t } = useTranslation("admin_servers");
  const [draft, setDraft] = useState<Draft>(server === undefined ? { ...EMPTY, way: allowed.commands.length > 0 ? "program" : "url" } : draftOf(server));
  const [reason, setReason] = useState("");
  const [faults, setFaults] = useState<Partial<Record<Field, Fault>>>({});
  const set = useSetServer();
  const problem = set.error instanceof ProblemError && !isStale(set.error) ? set.error : null;
  const refused = problem === null ? null : fieldRefused(problem);
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    setFaults({});
    set.reset();
  };
  const faultAt = (field: Field) => {
    const fault = faults[field];
    if (fault !== undefined) return { text: t(`fault.${fault}`) };
    if (refused !== field || problem === null) return null;
    return problem.code === "server_name_taken" ? { text: t("fault.name_taken") } : { text: problem.problem.detail, lang: "en" };
  };
  const field = (name: TextName, more: { hint?: string; lines?: boolean; disabled?: boolean } = {}) => (
    <TextField label={t(`field.${name}`)} hint={more.hint ?? t(`hint.${name}`)} value={draft[name]} fault={faultAt(name)} lines={more.lines} disabled={more.disabled} onChange={(value) => change({ [name]: value })} />
  );
  const withSecrets = (hint: string) => (typeof allowed.secrets === "string" ? `${hint} ${t("hint.secrets", { example: `@keyvault:${allowed.secrets}…` })}` : hint);
  const secretHint = () => {
    const named = typeof allowed.secrets === "string" ? t("hint.client_secret", { example: `@keyvault:${allowed.secrets}…` }) : t("hint.no_secrets");
    return server?.oauth == null ? named : `${named} ${t("hint.client_secret_again")}`;
  };
  const save = () => {
    const found = faultsOf(draft, reason);
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    set.mutate(
      { name: draft.name.trim(), server: toSet(draft, reason), etag },
      {
        onSuccess: () => {
          toast(t(server === undefined ? "added" : "changed"));
          onEnd();
        },
      },
    );
  };
  return (
    <form
      noValidate
      aria-label={t(server === undefined ? "add_title" : "change_title")}
      className="space-y-5 rounded-card border border-line bg-raised p-4 shadow-card sm:p-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (!set.isPending) save();
      }}
    >
      {server === undefined && (
        <details className="rounded-control bg-sunken p-3">
          <summary className="min-h-6 text-sm font-medium pointer-coarse:min-h-11">{t("paste.title")}</summary>
          <div className="mt-3">
            <PasteBox onTake={(taken) => change(taken)} />
          </div>
        </details>
      )}
      {field("name", { disabled: server !== undefined })}
      <ChoiceCards legend={t("way.legend")} value={draft.way} options={WAYS.map((way) => ({ value: way, label: t(`way.${way}`) }))} onChoose={(way) => change({ way })} />
      {draft.way === "program" ? (
        <>
          {field("command", { hint: allowed.commands.length === 0 ? t("hint.no_commands") : t("hint.command", { commands: allowed.commands.join(", ") }) })}
          {field("args", { lines: true })}
          {field("env", { lines: true, hint: withSecrets(t(server !== undefined && server.env.length > 0 ? "hint.env_again" : "hint.env")) })}
          {field("hosts", { lines: true, hint: allowed.hosts.length === 0 ? t("hint.no_hosts") : t("hint.hosts", { hosts: allowed.hosts.join(", ") }) })}
        </>
      ) : (
        <>
          {field("url", { hint: allowed.hosts.length === 0 ? t("hint.no_url") : t("hint.url", { hosts: allowed.hosts.join(", ") }) })}
          {field("headers", { lines: true, hint: withSecrets(t(server !== undefined && server.headers.length > 0 ? "hint.headers_again" : "hint.headers")) })}
          <details className="rounded-control bg-sunken p-3" open={getsToken(draft)}>
            <summary className="min-h-6 text-sm font-medium pointer-coarse:min-h-11">{t("oauth.title")}</summary>
            <div className="mt-3 space-y-5">
              <p className="text-sm text-ink-soft">{t("oauth.text")}</p>
              {field("token_url", { hint: t("hint.token_url", { hosts: allowed.hosts.join(", ") }) })}
              {field("client_id")}
              {field("client_secret", { hint: secretHint() })}
              {field("scope")}
            </div>
          </details>
        </>
      )}
      <ReasonField
        label={t("reason")}
        hint={t("reason_hint")}
        missing={faultAt("reason")?.text ?? null}
        value={reason}
        onChange={(value) => {
          setReason(value);
          setFaults({ ...faults, reason: undefined });
        }}
      />
      {isStale(set.error) ? <StaleNotice text={t("stale")} /> : set.error !== null && refused === null && <ProblemNotice error={set.error} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="lead" disabled={set.isPending}>
          {t(set.isPending ? "storing" : server === undefined ? "add" : "save")}
        </Button>
        <Button onClick={onEnd}>{t("common:cancel")}</Button>
      </div>
    </form>
  );
}

/** Where the API says that the fault is. */
function fieldRefused({ code, problem }: ProblemError): Field | null {
  return code === "server_name_taken" ? "name" : fieldOf(problem.pointer ?? "");
}
