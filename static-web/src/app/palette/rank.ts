/** The commands whose name holds every word of `text`; those that begin with it come first. */
export function rank<T extends { label: string }>(commands: readonly T[], text: string): T[] {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === "") return [...commands];
  const words = wanted.split(/\s+/);
  return commands
    .map((command) => ({ command, label: command.label.toLocaleLowerCase() }))
    .filter(({ label }) => words.every((word) => label.includes(word)))
    .sort((a, b) => Number(b.label.startsWith(wanted)) - Number(a.label.startsWith(wanted)))
    .map(({ command }) => command);
}
