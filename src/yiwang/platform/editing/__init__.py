"""The editors' desk: whatever is published (items, datasets, elements) is drafted, reviewed and compared here.

Wagtail keeps the revisions and shows the forms; who may do what comes from the roles of the directory (``access``),
what is written goes through the acts of the room that owns it (``kinds.Edited``). The form is made from the types
themselves (``blocks``), so that a definition comes out of it as it went in.
"""
