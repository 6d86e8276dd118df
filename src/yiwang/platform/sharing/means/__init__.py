"""Comparing what a family declares with what the registers say (家庭经济状况核对): one mechanism, schemes as data.

A scheme says which datasets are asked, which facts are made of their rows, which facts contradict what was declared, and
what follows for the decision. ``rules`` works that out for one family, ``bulk`` for a hundred thousand from the same scheme.
Nothing here decides a case: a reviewer reads the report and decides.
"""
