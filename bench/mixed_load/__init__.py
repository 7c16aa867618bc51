"""Chat, calls, the live floor, the API and the admin at once, while something breaks every few seconds."""
