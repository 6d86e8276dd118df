"""An invented city whose agencies' data agree with one another, because all of them are views of one model world.

``plan`` reads the pack and cuts the world into neighbourhoods; ``people``, ``homes``, ``work`` and ``means`` make one
neighbourhood each time it is asked for, always the same from the same seed; ``views`` tell what each agency has of it;
``output`` writes that down. Nothing here touches the database: the same arguments give the same bytes.

A neighbourhood is a world of its own (families, schools, firms, homes, jobs), so that a million people need no more
memory than a few thousand and any number of processes may share the work. What must not meet across neighbourhoods,
all kinds of numbers, is shared out beforehand.
"""
