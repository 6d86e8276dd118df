"""build and messages."""
