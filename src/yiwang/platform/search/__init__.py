"""One index over items with their guides and life events, in PostgreSQL.

Found by what people say, not by what it is called: words are cut by a dictionary, widened by the city's synonyms, read as
pinyin or initials, and mended where they were mistyped. Everything is written by events of the catalogue and read in a
few queries, whatever the number of documents.
"""
