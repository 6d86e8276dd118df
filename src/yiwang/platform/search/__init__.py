"""One index over items with their guides and life events, in PostgreSQL.

Found by what people say, not by what it is called.
"""
