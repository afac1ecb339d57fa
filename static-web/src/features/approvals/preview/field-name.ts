/** Names of fields as the catalogue gives them, in English, and their keys below `approvals:preview.fields`. */
const FIELDS = {
  location: "location",
  sku: "sku",
  "hierarchical namespace": "hierarchical_namespace",
  "access tier": "access_tier",
  "shared key access": "shared_key_access",
  "power state": "power_state",
  size: "size",
  "operating system": "operating_system",
} as const;

export const FIELD_NAMES = Object.keys(FIELDS);

/** `null`: a field that has no name of ours. */
export function fieldName(name: string): (typeof FIELDS)[keyof typeof FIELDS] | null {
  return Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof typeof FIELDS] : null;
}
