"""Events between agencies (事件): one publishes on a topic, the others are told, in order for each subject, at least once.

``rules`` checks what is published and counts the pauses, ``envelopes`` and ``signing`` make what goes over the line,
``posting`` is the line, ``sending`` what becomes of one lease of a subscription, ``sender`` the threads that do it.
"""
