"""The AI SDK's dialect of the chat: the same runs as /api/chat/stream, told as a UI message stream."""
