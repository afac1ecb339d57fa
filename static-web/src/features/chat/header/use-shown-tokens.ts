import { useQueries } from "@tanstack/react-query";

import type { Turn } from "@/api/types";
import { useTurns } from "@/realtime/turns";

import { turnQuery } from "../queries";
import type { ShownTurn } from "../thread/tree";
import type { Tokens } from "./chat-header";

/** Tokens of the turns that are shown, as far as they are known. */
export function useShownTokens(path: readonly ShownTurn[], newest: string | undefined): Tokens {
  const live = useTurns((state) => (newest === undefined ? undefined : state.logs[newest]?.usage));
  return useQueries({
    queries: path.map(({ turnId }) => ({ ...turnQuery(turnId), enabled: false })),
    combine: (results) => {
      const sum = { input: 0, output: 0 };
      results.forEach(({ data }, index) => {
        const turn = data as Turn | undefined;
        const isLive = path[index]?.turnId === newest && live !== undefined;
        sum.input += isLive ? live.input : (turn?.usage.input_tokens ?? 0);
        sum.output += isLive ? live.output : (turn?.usage.output_tokens ?? 0);
      });
      return sum;
    },
  });
}
