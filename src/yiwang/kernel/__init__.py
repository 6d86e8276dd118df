"""The kernel: what every room stands on and no business of its own.

Acts and their audit, events and timers, calendar and clocks, codes, sealed fields, plugins, paging,
expressions and problem details. Nothing here knows what a case, a licence or an agency is.
"""
