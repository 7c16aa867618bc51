"""A simulated floor: calls that nobody makes, through the real services, so that there is something to watch."""
