import type { Settings, SettingsPatch } from "./types";

/** Whether `patch` would undo, unseen, what was chosen elsewhere since `seen`. */
export function isOverwrite(seen: Settings, current: Settings, patch: SettingsPatch): boolean {
  const value = (settings: Settings | SettingsPatch, key: keyof SettingsPatch) => settings[key] ?? null;
  return (Object.keys(patch) as (keyof SettingsPatch)[]).some(
    (key) => value(current, key) !== value(seen, key) && value(current, key) !== value(patch, key),
  );
}
