"""The city's agencies as systems of their own: a process each on loopback, with a store of its own, latency, outages and bad
rows, so that everything that comes from them comes over the wire. Invented, for demos and tests only.
"""
