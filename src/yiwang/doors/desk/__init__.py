"""The desk: counters and agency staff. Layout, navigation and entry; no rules."""
