export function Sidebar() {
  return <nav />;
}
