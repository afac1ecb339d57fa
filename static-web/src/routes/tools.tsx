import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { usePageTitle } from "@/app/page-title";
import { toolQuery } from "@/features/catalogue/queries";
import { ToolFacts } from "@/features/catalogue/tool-facts";
import { ToolForm } from "@/features/catalogue/tool-form";
import { ToolList } from "@/features/catalogue/tool-list";
import { ToolRun } from "@/features/catalogue/tool-run";
import { useTranslation } from "@/i18n/use-translation";
import { ButtonLink } from "@/ui/button-link";
import { ProblemNotice } from "@/ui/problem-notice";
import { SearchInput } from "@/ui/search-input";
import { SkeletonList } from "@/ui/skeleton";

const DEBOUNCE_MS = 250;

/** What one may do: the tools, found by words. */
export function ToolsPage() {
  const { t } = useTranslation("catalogue");
  const navigate = useNavigate();
  const asked = useSearch({ strict: false }) as { q?: unknown };
  const words = typeof asked.q === "string" ? asked.q : "";
  const [text, setText] = useState(words);
  usePageTitle(t("title"));
  useEffect(() => {
    if (text.trim() === words) return;
    const timer = setTimeout(() => void navigate({ to: "/tools", search: (text.trim() === "" ? {} : { q: text.trim() }) as never, replace: true }), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text, words, navigate]);
  return (
    <Frame title={t("title")} text={t("text")}>
      <div role="search" aria-label={t("title")} className="max-w-xl">
        <SearchInput label={t("search")} value={text} onChange={setText} />
      </div>
      <ToolList words={words} onClear={() => setText("")} />
    </Frame>
  );
}

/** One tool: what it does, its form, and what came of running it. */
export function ToolPage() {
  const { t } = useTranslation("catalogue");
  const { server, tool: name } = useParams({ strict: false }) as { server: string; tool: string };
  const { data: tool, error, refetch } = useQuery(toolQuery(server, name));
  const [runs, setRuns] = useState<readonly string[]>([]);
  const title = `${server}.${name}`;
  usePageTitle(title);
  return (
    <Frame title={title} text={tool === null ? t("missing") : ""}>
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {tool === undefined ? (
        error === null && <SkeletonList rows={5} />
      ) : tool === null ? null : (
        <>
          <div className="space-y-3">
            <ToolFacts tool={tool} />
            <p lang="en" className="max-w-prose text-sm whitespace-pre-line text-ink-soft">
              {tool.description}
            </p>
          </div>
          <section aria-labelledby="tool-form" className="space-y-4">
            <h2 id="tool-form" className="text-lg font-semibold">
              {t("form")}
            </h2>
            <ToolForm key={title} tool={tool} onRun={(turnId) => setRuns((known) => [turnId, ...known])} />
          </section>
          {runs.length > 0 && (
            <section aria-labelledby="tool-runs" className="space-y-4">
              <h2 id="tool-runs" className="text-lg font-semibold">
                {t("runs")}
              </h2>
              {runs.map((turnId) => (
                <ToolRun key={turnId} turnId={turnId} />
              ))}
            </section>
          )}
        </>
      )}
      {tool !== undefined && (
        <ButtonLink to="/tools">
          <ArrowLeft size={16} aria-hidden />
          {t("back")}
        </ButtonLink>
      )}
    </Frame>
  );
}

function Frame({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" data-scroll="page">
      <div className="mx-auto max-w-4xl space-y-6 px-4 py-8 sm:px-8">
        <header>
          <h1 className="text-2xl font-semibold break-all">{title}</h1>
          {text !== "" && <p className="mt-1 max-w-prose text-sm text-ink-soft">{text}</p>}
        </header>
        {children}
      </div>
    </div>
  );
}
