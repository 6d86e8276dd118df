"""Tables of the oversight room."""
