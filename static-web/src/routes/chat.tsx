import { useParams } from "@tanstack/react-router";

import { ChatScreen } from "@/features/chat/chat-screen";

export function ChatPage() {
  const { conversationId } = useParams({ from: "/signed-in/c/$conversationId" });
  return <ChatScreen key={conversationId} conversationId={conversationId} />;
}
