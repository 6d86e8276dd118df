"""Tables of the notices room."""
