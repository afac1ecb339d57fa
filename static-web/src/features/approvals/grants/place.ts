import type { Grant } from "@/api/types";

/** Where calls are covered, as people call it: the resource, its group, or the subscription. */
export function placeOf({ resource_id, target, resource_group, subscription }: Pick<Grant, "resource_id" | "target" | "resource_group" | "subscription">): string {
  const resource = resource_id?.split("/").at(-1);
  return resource ?? resource_group ?? subscription ?? target ?? "–";
}
