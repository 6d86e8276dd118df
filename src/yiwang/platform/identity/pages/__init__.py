"""Pages of identity at the portal, by use case."""
