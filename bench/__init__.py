"""How fast it is: one module a subject, floors measured in the same run (`make bench`, docs/operations/benchmarks.md)."""
