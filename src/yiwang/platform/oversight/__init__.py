"""Looking after the service itself: ratings, what bad ratings lead to, cases near or over their limit.

Whoever was served may rate, by name, once for each service; who says nothing is counted apart. A bad rating is verified,
put right and answered on clocks of its own, and may be followed by a second one. Supervision sees what is late before it
is, and the public sees the figures, never a person.
"""
