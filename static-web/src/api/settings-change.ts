import type { Settings, SettingsPatch } from "./types";

/** Whether `patch` would undo, unseen, what was chosen elsewhere since `seen`. */
export function isOverwrite(seen: Settings, current: Settings, patch: SettingsPatch): boolean {
  return (Object.keys(patch) as (keyof SettingsPatch)[]).some(
    (key) => value(current, key) !== value(seen, key) && value(current, key) !== value(patch, key),
  );
}

/** What can be compared: of tools their names, whatever their order. */
function value(settings: Settings | SettingsPatch, key: keyof SettingsPatch): string | null {
  if (key !== "always_allowed_tools") {
    return settings[key] ?? null;
  }
  const names = (settings.always_allowed_tools ?? []).map((one) => `${one.server} ${one.tool}`);
  return names.sort().join("\n");
}
