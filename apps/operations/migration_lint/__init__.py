"""Refuses migrations that would break the code of the release before, or stop its traffic, while they run."""
