"""yiwang (一网): the open platform that a city runs its public services on.

The rooms are described in ``docs/architecture.md``; who may import whom is checked by import-linter.
"""
