"""一平台: the shared middle, one Django application for each capability.

A room imports only rooms above it in the layer list of ``pyproject.toml``, and of those only acts, queries and types.
"""
