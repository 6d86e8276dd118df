"""Who there is in government: regions, agencies, service centres, counters, staff and what they are trusted with."""
