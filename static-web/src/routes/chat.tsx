import { useParams } from "@tanstack/react-router";

import { ChatScreen } from "@/features/chat/chat-screen";
import { NewChatScreen } from "@/features/chat/first-run/new-chat-screen";

export function NewChatPage() {
  return <NewChatScreen />;
}

export function ChatPage() {
  const { conversationId } = useParams({ from: "/signed-in/c/$conversationId" });
  return <ChatScreen key={conversationId} conversationId={conversationId} />;
}
