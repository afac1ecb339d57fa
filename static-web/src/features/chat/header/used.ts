import type { Price } from "@/api/types";

/** What a conversation has used. */
export interface Used {
  /** Tokens that models read. */
  input: number;
  /** Tokens that they wrote. */
  output: number;
  /** Millionths of the deployment's currency; null once a model has no price. */
  cost: number | null;
}

export const NOTHING_USED: Used = { input: 0, output: 0, cost: 0 };

/** The sum with what one turn more has used. */
export function plus(sum: Used, input: number, output: number, price: Price | null | undefined): Used {
  return {
    input: sum.input + input,
    output: sum.output + output,
    cost: input + output === 0 ? sum.cost : sum.cost === null || price == null ? null : sum.cost + costOf(price, input, output),
  };
}

/** Rounded up, as the API counts it. */
function costOf(price: Price, input: number, output: number): number {
  return Math.ceil((input * price.input_micros + output * price.output_micros) / 1_000_000);
}
