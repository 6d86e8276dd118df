"""Tables of the search room."""
