/** Which roles an administrator lets count of those that the directory grants. */

/** `null`: all of them. */
export type RoleChoice = readonly string[] | null;

export function isSameChoice(a: RoleChoice, b: RoleChoice): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((role) => b.includes(role));
}

/** Roles of `granted` that would count. */
export function countingRoles(granted: readonly string[], choice: RoleChoice): string[] {
  return granted.filter((role) => choice === null || choice.includes(role));
}

export function toggled(choice: readonly string[], role: string): string[] {
  return choice.includes(role) ? choice.filter((one) => one !== role) : [...choice, role];
}

/** What the change takes and gives, so that it can be said before it is saved. */
export function roleChange(granted: readonly string[], before: RoleChoice, after: RoleChoice): { gained: string[]; lost: string[] } {
  const [had, has] = [countingRoles(granted, before), countingRoles(granted, after)];
  return { gained: has.filter((role) => !had.includes(role)), lost: had.filter((role) => !has.includes(role)) };
}
