/** The arguments by which an undoing call differs from what was asked; all of them where none differs. */
export function undoArguments(asked: Record<string, unknown>, undo: Record<string, unknown>): [string, string][] {
  const all = Object.entries(undo);
  const changed = all.filter(([name, value]) => JSON.stringify(asked[name]) !== JSON.stringify(value));
  return (changed.length > 0 ? changed : all).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}
