"""The services hall (政务服务): joins catalogue, evidence and cases into the journey: navigate, apply, track.

A few questions about a life event tell which items apply (``guides``); one form asks only for what the government does not
know (``apply``); afterwards everything is in one place: clocks, corrections, documents, licences (``track``, ``mine``).
The same pages are mounted twice, at the portal for the person and at the counter for the clerk who serves them
(``doors``). The hall decides nothing itself: it reads the rooms' queries and calls their acts.
"""
