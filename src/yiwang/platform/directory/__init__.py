"""Who there is in government: regions, agencies, service centres, counters, staff and what they are trusted with.

A role reaches as far as its grant says: a subtree of agencies, a region, a level, some items. Three administrators keep
each other in check: one runs the house, one appoints people, one reads the trail. The city itself (its name, colours,
texts) is a document of the pack, and so is everything here: the rooms ask for agencies by function, never by name.
"""
