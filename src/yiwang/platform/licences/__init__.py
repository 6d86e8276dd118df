"""E-licences (电子证照): types, issue, signature, states, verification, reuse and the holder's wallet."""
