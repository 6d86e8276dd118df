"""Configuration: environment, settings, urls, and the ``yiwang`` command."""
