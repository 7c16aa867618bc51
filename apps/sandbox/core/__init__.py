"""The pure part of the stand-in: text in, the next reply out; no clock, no socket, no framework."""
