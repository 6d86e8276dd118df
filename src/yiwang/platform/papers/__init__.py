"""Papers that a person or a firm brought once: scanned at the data service window (数据服务窗口), kept, and used again.

A scan is a PDF or some pictures. Behind the desk each page is drawn, straightened and read (``plugins``: what OCR says is a
proposal, never a fact). A clerk says where a paper begins and what it is called in the catalogue. What was only scanned counts
for nothing; once a clerk has compared it with the original (信息分级 B, 国办函〔2016〕108号) it stands as evidence for its
owner, in every later application that takes such a paper, until it runs out or its owner takes it back.
"""
