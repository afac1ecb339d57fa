import type { ReactNode } from "react";

import { Shell, useInShell } from "@/app/shell";
import { useSession } from "@/auth/session";

import { BarePage } from "./bare-page";

/** The page in the frame that fits: the shell for those who are signed in, once. */
export function Framed({ children }: { children: ReactNode }) {
  const inShell = useInShell();
  const signedIn = useSession((state) => state.status === "signed_in" || state.status === "ended");
  if (inShell) return children;
  return signedIn ? <Shell>{children}</Shell> : <BarePage>{children}</BarePage>;
}
