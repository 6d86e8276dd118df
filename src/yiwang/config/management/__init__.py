"""Commands that run the platform."""
