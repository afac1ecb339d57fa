import { useQueries } from "@tanstack/react-query";

import { useModels } from "@/api/queries";
import type { Turn } from "@/api/types";
import { useTurns } from "@/realtime/turns";

import { turnQuery } from "../queries";
import type { ShownTurn } from "../thread/tree";
import { NOTHING_USED, plus, type Used } from "./used";

/** Tokens of the turns that are shown, as far as they are known, and their cost. */
export function useUsed(path: readonly ShownTurn[], newest: string | undefined): Used {
  const live = useTurns((state) => (newest === undefined ? undefined : state.logs[newest]?.usage));
  const models = useModels().data?.items ?? [];
  return useQueries({
    queries: path.map(({ turnId }) => ({ ...turnQuery(turnId), enabled: false })),
    combine: (results) =>
      results.reduce((sum, { data }, index) => {
        const turn = data as Turn | undefined;
        const isLive = path[index]?.turnId === newest && live !== undefined;
        const input = isLive ? live.input : (turn?.usage.input_tokens ?? 0);
        const output = isLive ? live.output : (turn?.usage.output_tokens ?? 0);
        const price = models.find((model) => model.name === turn?.model)?.price;
        return plus(sum, input, output, price);
      }, NOTHING_USED),
  });
}
