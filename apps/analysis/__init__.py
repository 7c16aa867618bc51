"""What came of each conversation, read off the hot path."""
