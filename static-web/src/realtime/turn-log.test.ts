import { describe, expect, it } from "vitest";

import type { TurnEvent } from "@/api/types";

import { emptyTurnLog, reduceEvents, withAhead } from "./turn-log";

const HEAD = { at: "2026-11-24T00:00:00.000Z", turn_id: "t1" };
const text = (seq: number, said: string): TurnEvent => ({ ...HEAD, seq, type: "text_delta", step: 0, text: said });

describe("text that is in no event yet", () => {
  const log = reduceEvents(emptyTurnLog("t1"), [{ ...HEAD, seq: 1, type: "turn_started" }, text(2, "One ")]);

  it("is shown behind the events, each time in the place of what was shown before", () => {
    const shown = withAhead(withAhead(log, { step: 0, text: "two" }), { step: 0, text: "two th" });
    expect(shown.steps[0]!.text).toBe("One two th");
    expect(shown.lastSeq).toBe(2);
    expect(withAhead(shown, null)).toEqual(log);
  });

  it("gives way to the event that it has become, and is not there twice", () => {
    const shown = withAhead(log, { step: 0, text: "two th" });
    const events = [text(3, "two three")];
    expect(reduceEvents(shown, events)).toEqual(reduceEvents(log, events));
  });

  it("is gone with the driver that never stored it", () => {
    const shown = withAhead(log, { step: 0, text: "two th" });
    const restarted = reduceEvents(shown, [{ ...HEAD, seq: 3, type: "model_restarted", step: 0, claim_no: 2 }, text(4, "Uno")]);
    expect(restarted.steps[0]!.text).toBe("Uno");
    expect(restarted.ahead).toBeNull();
  });

  it("says nothing any more once the turn has ended", () => {
    const ended = reduceEvents(log, [{ ...HEAD, seq: 3, type: "turn_cancelled" }]);
    expect(withAhead(ended, { step: 0, text: "two" })).toEqual(ended);
  });
});
