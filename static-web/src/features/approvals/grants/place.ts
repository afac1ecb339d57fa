import type { Grant } from "@/api/types";

/** A subscription's id says nothing to people where a resource or its group is named. */
const SUBSCRIPTION = /^[0-9a-f]{8}-[0-9a-f-]{27}\//i;

/** What exactly is covered, as people call it: the resource with its group, or the subscription. */
export function placeOf({ resource_id, target, resource_group, subscription }: Pick<Grant, "resource_id" | "target" | "resource_group" | "subscription">): string {
  if (target != null && target !== "") return target.replace(SUBSCRIPTION, "");
  return resource_id?.split("/").at(-1) ?? resource_group ?? subscription ?? "–";
}
