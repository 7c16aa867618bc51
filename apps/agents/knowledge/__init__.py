"""What a business has written down: sources that owners upload, read into pieces, and found by a visitor's question."""
