"""Signing up, the first steps of a new business, and the people of a team."""
