"""The machine door: ``/api/v1`` for agencies' and firms' systems. It composes the rooms' ``http.py``; no rules."""
