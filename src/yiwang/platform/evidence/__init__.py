"""Ask once (免提交): what is known already and from where, what must still be asked, and what that saved.

For a whole application every datum and every material is looked up in the sources that a city has (plugins), in a fixed
small number of queries. Each comes back as known, as given, as promised, as owed later, or as to be asked, with its source, its
time and its basis. A source that is down never stops a citizen: what it would have said is checked before the decision.
"""
