"""Saved questions: what an agent must still answer well before a draft of it is published."""
