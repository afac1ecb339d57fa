export function NewChatPage() {
  return <h1>chat</h1>;
}
export function ChatPage() {
  return <h1>chat</h1>;
}
