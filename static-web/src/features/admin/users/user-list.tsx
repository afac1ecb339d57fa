import { useInfiniteQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { useEffect, useState } from "react";

import { useTranslation } from "@/i18n/use-translation";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/empty-state";
import { ProblemNotice } from "@/ui/problem-notice";
import { SkeletonList } from "@/ui/skeleton";
import { VirtualList } from "@/ui/virtual-list";

import { usersQuery, type UserFilter } from "./queries";
import { UserRow } from "./user-row";

/** A page of the API may be short, even empty; so many are asked for without being told. */
const PAGES_BY_ITSELF = 5;
const ENOUGH = 10;

/** Everybody who has signed in and fits the filter. */
export function UserList({ filter, onClear }: { filter: UserFilter; onClear(): void }) {
  const { t } = useTranslation("admin");
  const { data, error, refetch, hasNextPage, isFetching, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(usersQuery(filter));
  const [open, setOpen] = useState<string | null>(null);
  const users = data?.pages.flatMap((page) => page.items) ?? [];
  const goesOn = hasNextPage && !isFetching && error === null && users.length < ENOUGH && (data?.pages.length ?? 0) < PAGES_BY_ITSELF;
  useEffect(() => {
    if (goesOn) void fetchNextPage();
  }, [goesOn, fetchNextPage]);

  if (data === undefined) {
    return error === null ? <SkeletonList rows={5} /> : <ProblemNotice error={error} onRetry={() => void refetch()} />;
  }
  return (
    <div className="space-y-4">
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      <p role="status" className="text-xs text-ink-soft">
        {!isFetching && t(hasNextPage ? "users.count_more" : "users.count", { count: users.length })}
      </p>
      {users.length > 0 ? (
        <VirtualList
          items={users}
          keyOf={({ oid }) => oid}
          rowPx={68}
          gapPx={12}
          goesOn={hasNextPage}
          label={t("users.list")}
          render={(user, place) => (
            <UserRow user={user} open={open === user.oid} onToggle={() => setOpen(open === user.oid ? null : user.oid)} place={place} />
          )}
        />
      ) : isFetchingNextPage || goesOn ? (
        <SkeletonList rows={3} />
      ) : (
        <EmptyState icon={<Users size={22} aria-hidden />} title={t("users.none")} action={<Button onClick={onClear}>{t("users.clear")}</Button>}>
          {t("users.none_text")}
        </EmptyState>
      )}
      {hasNextPage && !goesOn && (
        <div className="flex justify-center">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t(isFetchingNextPage ? "loading_more" : "load_more")}
          </Button>
        </div>
      )}
    </div>
  );
}
