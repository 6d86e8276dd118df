"""Who people are: persons and organisations, sign-in, assurance levels, and who acts for whom.

A session knows who acts and for whom, and how surely: more is asked for only where a matter needs it (step-up). An
organisation is acted for by its representative and by those to whom it delegates, for some items and some time; what a
delegation does not cover cannot be done in its name, at any door. Ways to sign in and the authorities that vouch for
people are plugins. Numbers are sealed, and everybody can read who looked at their data.
"""
