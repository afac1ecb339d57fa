/** What can be settled about a tool, as it stands, and what is sent for it. */
import type { Effect, ToolPin, ToolPinToSet } from "@/api/types";

export type Act = "accept" | "take_back" | "switch_off" | "switch_on";

/** As what a tool is accepted. */
export interface Acceptance {
  effect: Effect;
  secret: boolean;
}

/** What can be done, the nearest first. A tool that needs the machine itself is nobody's to enable. */
export function actsOf(pin: ToolPin): Act[] {
  if (pin.disabled_by === "needs_local_machine") return [];
  const acts: Act[] = [];
  const isOff = pin.settled?.switched_off === true;
  const isAccepted = pin.settled?.accepted_hash != null;
  if (isOff) acts.push("switch_on");
  else if ((pin.state === "new" || pin.state === "changed") && pin.offered_hash != null) acts.push("accept");
  if (isAccepted) acts.push("take_back");
  if (!isOff && pin.state !== "missing") acts.push("switch_off");
  return acts;
}

/** Before anybody chooses: what the catalogue says, or the worst that a tool can do. */
export const firstChoice = (pin: ToolPin): Acceptance => ({ effect: pin.effect ?? "destructive", secret: pin.secret ?? false });

/** The whole of what is settled from then on: what the act does not touch stays. */
export function toSet(pin: ToolPin, act: Act, choice: Acceptance, reason: string): ToolPinToSet {
  const hash = pin.settled?.accepted_hash ?? null;
  const kept = hash === null ? null : { hash, ...firstChoice(pin) };
  const isOff = pin.settled?.switched_off === true;
  switch (act) {
    case "accept":
      return { accepted: { hash: pin.offered_hash ?? "", ...choice }, switched_off: isOff, reason };
    case "take_back":
      return { accepted: null, switched_off: isOff, reason };
    case "switch_off":
      return { accepted: kept, switched_off: true, reason };
    case "switch_on":
      return { accepted: kept, switched_off: false, reason };
  }
}
