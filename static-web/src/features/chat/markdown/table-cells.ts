/** The little of a syntax tree that is touched here. */
interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/**
 * A rehype plugin: every cell learns the name of its column, which a narrow screen shows beside
 * it, and the roles that a table loses when its rows are stacked.
 */
export function labelTableCells() {
  return (tree: Node) => visit(tree);
}

function visit(node: Node): void {
  if (node.tagName === "table") label(node);
  else node.children?.forEach(visit);
}

const ROLES: Record<string, string> = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };

function label(table: Node): void {
  const headers: string[] = [];
  const walk = (node: Node): void => {
    const role = node.tagName === undefined ? undefined : ROLES[node.tagName];
    if (role !== undefined) node.properties = { ...node.properties, role };
    if (node.tagName === "th") headers.push(textOf(node));
    if (node.tagName === "tr") {
      let column = 0;
      for (const cell of node.children ?? []) {
        if (cell.tagName !== "td") continue;
        cell.properties = { ...cell.properties, dataLabel: headers[column] ?? "" };
        column += 1;
      }
    }
    node.children?.forEach(walk);
  };
  walk(table);
}

function textOf(node: Node): string {
  if (node.type === "text") return node.value ?? "";
  return (node.children ?? []).map(textOf).join("");
}
