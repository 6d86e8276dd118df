"""E-licences (电子证照): types, issue, signature, states, verification, reuse, the holder's wallet, digitised history.

A grant issues a licence with a national identifier; its document is drawn (Typst), signed with the issuer's seal (PAdES) and
carries a code by which anybody can ask whether it is genuine and in force. A change or a renewal is a new version; a
licence is held, revoked or cancelled by an act with a reason, never deleted. The next application finds it as evidence.

What a holder shows (a one-time code, a card at a counter, a grant) an agency sees for a purpose and a time, once they agreed;
each step is in the use log and is taken back at once. What was digitised from paper rests on nothing until a clerk has seen
the original.
"""
