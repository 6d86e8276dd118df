"""Unusual reading (异常查询预警): who of the staff looked at people in a way that somebody should ask about.

The city says in its pack (``watching.yaml``) what is unusual; the worker looks at every reading and every check once; a
supervisor or the data office asks the officer's agency, and closes with a finding. 个人信息保护法 arts. 51 and 54.

What the platform may know of an officer's family is little. Registers of households and marriages are read only under
grants, which are for items (ADR 9), and watching is none: so they are not looked into for this. A relative is seen where the
matter itself names the officer: an officer who works on a case in which their own number stands (公务员法 art. 76). That
number is in the directory as a blind index, where the security administrator entered it; of others it is not known.
"""
