"""Service items (事项) in one standard form: drafts, the guide linter, frozen editions, life events.

An editor changes a draft; publishing lints it and freezes an Edition, one document with a content hash. Portals and
cases read editions only.
"""
