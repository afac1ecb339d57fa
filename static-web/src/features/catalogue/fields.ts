/** The fields of a tool's form, from its JSON schema, and the arguments that they make. */

export type FieldKind = "text" | "number" | "integer" | "flag" | "choice" | "list" | "json";
export type Fault = "required" | "number" | "integer" | "json";

export interface Field {
  name: string;
  kind: FieldKind;
  isRequired: boolean;
  description: string;
  /** Of a choice. */
  options: readonly string[];
}

/** Texts of the fields, by name; empty ones are not sent. */
export type Draft = Readonly<Record<string, string>>;

interface Property {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  items?: { type?: string | string[] };
}

const typesOf = (type: string | string[] | undefined): string[] => [type ?? []].flat().filter((one) => one !== "null");

function kindOf(property: Property): FieldKind {
  if (property.enum?.every((one) => typeof one === "string") === true) return "choice";
  const types = typesOf(property.type);
  if (types.length !== 1) return "json";
  switch (types[0]) {
    case "string":
      return "text";
    case "boolean":
      return "flag";
    case "integer":
    case "number":
      return types[0];
    case "array":
      return typesOf(property.items?.type).join() === "string" ? "list" : "json";
    default:
      return "json";
  }
}

/** Required ones first, else as the tool orders them. */
export function fieldsOf(schema: Record<string, unknown>): Field[] {
  const properties = (schema["properties"] ?? {}) as Record<string, Property>;
  const required = new Set((schema["required"] ?? []) as string[]);
  const fields = Object.entries(properties).map(([name, property]): Field => {
    const kind = kindOf(property);
    return { name, kind, isRequired: required.has(name), description: property.description ?? "", options: kind === "choice" ? (property.enum as string[]) : [] };
  });
  return [...fields.filter(({ isRequired }) => isRequired), ...fields.filter(({ isRequired }) => !isRequired)];
}

/** What is sent, or what is wrong with which field. */
export function argumentsOf(fields: readonly Field[], draft: Draft): { values: Record<string, unknown>; faults: Record<string, Fault> } {
  const values: Record<string, unknown> = {};
  const faults: Record<string, Fault> = {};
  for (const { name, kind, isRequired } of fields) {
    const text = draft[name] ?? "";
    if (text.trim() === "") {
      if (isRequired) faults[name] = "required";
      continue;
    }
    const read = valueOf(kind, text);
    if (read === undefined) faults[name] = kind === "number" || kind === "integer" ? kind : "json";
    else values[name] = read;
  }
  return { values, faults };
}

function valueOf(kind: FieldKind, text: string): unknown {
  switch (kind) {
    case "text":
    case "choice":
      return text;
    case "flag":
      return text === "true";
    case "integer":
      return /^[-+]?\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    case "number":
      return Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "list":
      return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    case "json":
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
  }
}

/** The field that a JSON pointer of the API means, such as `/arguments/subscription`. */
export function fieldAt(pointer: string): string | null {
  const name = /^\/arguments\/([^/]+)/.exec(pointer)?.[1];
  return name === undefined ? null : name.replaceAll("~1", "/").replaceAll("~0", "~");
}
