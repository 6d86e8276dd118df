"""The services hall's pages at the portal, by part of the journey."""
