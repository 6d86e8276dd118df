"""Items from files: formats are plugins, every file ends in a report, nothing is half imported.

One transaction holds the whole file, so that an interrupted import leaves nothing; each row has a savepoint of
its own, so that a bad row is refused with its reason while the good ones land. Importing the same file again
changes nothing. What is wrong with the file itself (encoding, a missing column, a bomb) refuses the file.
"""
