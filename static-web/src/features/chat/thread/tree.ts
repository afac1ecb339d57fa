/**
 * The branches of a conversation. A message names the one that it answers; a question that was
 * edited or asked again is a sibling of the first one.
 */
import type { Message } from "@/api/types";

/** One turn: a question and what the assistant wrote, in order. */
export interface TurnNode {
  turnId: string;
  /** Missing when it lies before what is loaded. */
  question: Message | null;
  answers: Message[];
  /** Names the place in the tree; turns of one place are alternatives. */
  place: string;
}

/** A turn of the shown path, with its alternatives. */
export interface ShownTurn extends TurnNode {
  siblings: readonly string[];
}

/** Which of the alternatives of a place is shown; what is not named shows the newest. */
export type BranchChoices = Readonly<Record<string, string>>;

/** The place of first questions. */
export const ROOT = "root";

export interface ConversationTree {
  nodes: ReadonlyMap<string, TurnNode>;
  /** Turns by place, oldest first. */
  places: ReadonlyMap<string, readonly string[]>;
}

/** `messages`: oldest first. */
export function treeOf(messages: readonly Message[]): ConversationTree {
  const turnOf = new Map(messages.map((message) => [message.id, message.turn_id]));
  const nodes = new Map<string, TurnNode>();
  for (const message of messages) {
    let node = nodes.get(message.turn_id);
    if (node === undefined) {
      node = { turnId: message.turn_id, question: null, answers: [], place: ROOT };
      nodes.set(message.turn_id, node);
    }
    if (message.author === "user") node.question = message;
    else node.answers.push(message);
  }
  const places = new Map<string, string[]>();
  for (const node of nodes.values()) {
    node.place = placeOf(node, turnOf);
    const siblings = places.get(node.place);
    if (siblings === undefined) places.set(node.place, [node.turnId]);
    else siblings.push(node.turnId);
  }
  return { nodes, places };
}

function placeOf(node: TurnNode, turnOf: ReadonlyMap<string, string>): string {
  if (node.question === null) return `before:${node.turnId}`;
  const parent = node.question.parent_message_id ?? null;
  if (parent === null) return ROOT;
  // A parent that is not loaded still keeps its alternatives together.
  return turnOf.get(parent) ?? parent;
}

/** From the first loaded turn down to a leaf: the newest one, unless the person chose another branch. */
export function shownPath(tree: ConversationTree, choices: BranchChoices): ShownTurn[] {
  const newest = newestOf(tree);
  if (newest === null) return [];
  const path: ShownTurn[] = [];
  let place: string | undefined = topPlace(tree, newest);
  while (place !== undefined) {
    const siblings = tree.places.get(place);
    if (siblings === undefined) break;
    const chosen: string | undefined = choices[place];
    const turnId: string = chosen !== undefined && siblings.includes(chosen) ? chosen : newestBranch(tree, siblings);
    const node = tree.nodes.get(turnId)!;
    path.push({ ...node, siblings });
    place = turnId;
  }
  return path;
}

function newestOf(tree: ConversationTree): string | null {
  let newest: string | null = null;
  for (const turnId of tree.nodes.keys()) newest = turnId;
  return newest;
}

/** Where the loaded part of the newest turn's branch begins. */
function topPlace(tree: ConversationTree, turnId: string): string {
  let node = tree.nodes.get(turnId)!;
  for (;;) {
    const parent = tree.nodes.get(node.place);
    if (parent === undefined) return node.place;
    node = parent;
  }
}

/** The alternative whose descendants hold the newest turn: nodes are in the order of their making. */
function newestBranch(tree: ConversationTree, siblings: readonly string[]): string {
  if (siblings.length === 1) return siblings[0]!;
  const among = new Set(siblings);
  let found = siblings.at(-1)!;
  for (const node of tree.nodes.values()) {
    let up: TurnNode | undefined = node;
    while (up !== undefined && !among.has(up.turnId)) up = tree.nodes.get(up.place);
    if (up !== undefined) found = up.turnId;
  }
  return found;
}

/**
 * What the next question says that it answers. `undefined`: after the newest turn, which is how
 * one goes on after a turn that wrote nothing.
 */
export function nextParent(path: readonly ShownTurn[], tree: ConversationTree): string | undefined {
  const leaf = path.at(-1);
  if (leaf === undefined) return undefined;
  const answer = leaf.answers.at(-1);
  if (answer !== undefined) return answer.id;
  return leaf.turnId === newestOf(tree) ? undefined : leaf.question?.id;
}
