"""Editing items in Wagtail's admin: drafts with history, comparison and review; publishing is our own act.

Wagtail keeps the revisions and shows the forms; who may do what comes from the roles of the directory (``access``),
what is written goes through ``catalog.acts``. The form is made from the types themselves (``blocks``), so that a
definition comes out of it as it went in.
"""
