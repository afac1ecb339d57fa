import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Wrench } from "lucide-react";

import { number } from "@/i18n/format";
import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { VirtualList } from "@/ui/virtual-list";

import { toolsQuery } from "./queries";
import { ToolFacts } from "./tool-facts";

/** The tools that fit, each a way to its form. */
export function ToolList({ words, onClear }: { words: string; onClear(): void }) {
  const { t } = useTranslation("catalogue");
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(toolsQuery(words));
  if (data === undefined) {
    return error === null ? <SkeletonList rows={6} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  const tools = data.pages.flatMap((page) => page.items);
  if (tools.length === 0) {
    return (
      <EmptyState icon={<Wrench size={22} />} title={t("none")} action={words === "" ? undefined : <Button onClick={onClear}>{t("clear")}</Button>}>
        {t("none_text")}
      </EmptyState>
    );
  }
  return (
    <div className="space-y-4">
      <p role="status" className="text-sm text-ink-soft">
        {t(hasNextPage ? "count" : "count_all", { n: number(tools.length) })}
      </p>
      <VirtualList
        items={tools}
        keyOf={({ server, tool }) => `${server}/${tool}`}
        rowPx={116}
        goesOn={hasNextPage}
        label={t("list")}
        className="divide-y divide-line rounded-card border border-line bg-raised shadow-card"
        render={(tool, place) => (
          <li {...place} className="space-y-1.5 px-4 py-3">
            <Link
              to="/tools/$server/$tool"
              params={{ server: tool.server, tool: tool.tool } as never}
              className="inline-flex min-h-6 items-center font-mono text-sm break-all text-lead underline-offset-2 hover:underline pointer-coarse:min-h-11"
            >
              {`${tool.server}.${tool.tool}`}
            </Link>
            <p lang="en" title={tool.description} className="line-clamp-2 text-sm text-ink-soft wrap-anywhere">
              {tool.description}
            </p>
            <ToolFacts tool={tool} />
          </li>
        )}
      />
      {error !== null && <ProblemNotice error={error} onRetry={() => void fetchNextPage()} />}
      {hasNextPage && (
        <Button size="small" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t(isFetchingNextPage ? "loading_more" : "more")}
        </Button>
      )}
    </div>
  );
}
