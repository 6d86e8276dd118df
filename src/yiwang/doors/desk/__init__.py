"""The desk: counters and agency staff. Layout, navigation and entry; no rules.

Everything that an official works with stands in the rooms' own ``desk`` pages; this door gives them one frame: a rail with
the entries of the roles that somebody holds, the client who is being served, and the way to the first page of the day.
"""
