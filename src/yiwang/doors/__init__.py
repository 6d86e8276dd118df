"""Doors: how people and machines come in. A door has layout, navigation and entry checks, no rules."""
