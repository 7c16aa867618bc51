"""What each business took and how fast it was answered, for who runs the platform."""
