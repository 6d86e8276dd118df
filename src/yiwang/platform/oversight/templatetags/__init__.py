"""Template filters of the oversight room."""
