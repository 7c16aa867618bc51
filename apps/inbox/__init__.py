"""Conversations as a team works on them: watching, taking over, handing back."""
