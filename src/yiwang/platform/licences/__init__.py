"""E-licences (电子证照): types, issue, signature, states, verification, reuse and the holder's wallet.

A grant issues a licence with a national identifier; its document is drawn (Typst), signed with the issuer's seal (PAdES) and
carries a code by which anybody can ask whether it is genuine and in force. A change or a renewal is a new version; a
licence is held, revoked or cancelled by an act with a reason, never deleted. The next application finds it as evidence.
"""
