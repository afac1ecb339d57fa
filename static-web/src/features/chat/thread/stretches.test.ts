import { expect, it } from "vitest";

import { stretches } from "./stretches";

const turns = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const shape = (of: readonly number[], anchor: number) => stretches(of, of.indexOf(anchor)).map(({ number, turns: held }) => [number, held[0], held.at(-1)]);

it("keeps every turn, in order", () => {
  expect(stretches(turns(0, 30), 0).flatMap(({ turns: held }) => held)).toEqual(turns(0, 30));
  expect(stretches([], 0)).toEqual([]);
});

it("leaves a turn in its stretch when others come above or below", () => {
  expect(shape(turns(50, 80), 50)).toEqual([[0, 50, 61], [1, 62, 73], [2, 74, 79]]);
  expect(shape(turns(40, 90), 50)).toEqual([[-1, 40, 49], [0, 50, 61], [1, 62, 73], [2, 74, 85], [3, 86, 89]]);
});
