"""Applications and cases: the engine that takes one application through several agencies on their legal clocks.

A draft is filled and handed in as one application; each item in it becomes a case with the agency that decides it. A case
walks the steps of its edition (``engine``, over the pure graph in ``rules``), in parallel with its sisters or after them,
while its clock runs, stands still and is lengthened as the law says. What must be told in writing becomes a numbered
document at the end of the act that decided it (``documents``). The audit trail is the history: there is no second one.
"""
