"""The agent at its desk: what every channel shares of answering somebody."""
