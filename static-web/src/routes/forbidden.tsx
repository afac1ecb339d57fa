export function ForbiddenPage() {
  return <h1>ForbiddenPage</h1>;
}
