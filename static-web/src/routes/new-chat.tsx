import { NewChatScreen } from "@/features/chat/first-run/new-chat-screen";

export function NewChatPage() {
  return <NewChatScreen />;
}
