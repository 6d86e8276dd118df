"""The halls (五大厅) and their neighbours, each built from the platform; halls never import each other."""
