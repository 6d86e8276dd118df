"""The machine door: ``/api/v1`` for systems of agencies and firms. It composes the rooms' ``http.py``."""
