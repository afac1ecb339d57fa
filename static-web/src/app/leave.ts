import { dropBelongings } from "@/auth/belongings";
import { signOut } from "@/auth/session";

import { queryClient } from "./query-client";
import { toastProblem } from "./toast-problem";

/** Signs out. What this tab keeps of the person, drafts included, goes first. */
export async function leave(): Promise<void> {
  dropBelongings();
  try {
    await signOut();
    queryClient.clear();
  } catch (error) {
    toastProblem(error);
  }
}
