"""One shared store (一库共享): what data each agency has, who may ask for what, and what was answered.

An agency publishes a dataset once, with its metadata and quality; other agencies ask about one subject, in a case, for
a stated purpose, and get an answer instead of a paper; the subject sees who looked.
"""
