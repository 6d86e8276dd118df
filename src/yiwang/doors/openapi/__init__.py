"""The machine door: ``/api/v1`` for systems of agencies and firms. It composes the rooms' ``http.py``.

A client signs in by OAuth2 with its own credentials and becomes an actor like everybody else: for the firm that registered
it, or by a delegation that it names. The acts are those of the pages; what is different is said in problems (RFC 9457)
and described in one OpenAPI document, which is kept in the repository.
"""
