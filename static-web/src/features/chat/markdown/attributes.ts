/**
 * What the libraries that make elements of Markdown ask of `property-information`, in whose place
 * this is built: of the hundreds of attributes of HTML and SVG, Markdown makes a few, and all have
 * the same name as in React.
 */
interface Info {
  /** As in React. */
  property: string;
  attribute: string;
  space?: string;
}

export const html = { space: "html" };
export const svg = { space: "svg" };
export const hastToReact: Record<string, string> = {};

/** `ariaDescribedBy` is one word after its dash, `dataFootnoteRef` is not; every other name stands as it is. */
export function find(_schema: unknown, name: string): Info {
  const attribute = /^aria[A-Z]/.test(name)
    ? `aria-${name.slice(4).toLowerCase()}`
    : /^data[A-Z]/.test(name)
      ? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      : name;
  return { property: attribute, attribute };
}
