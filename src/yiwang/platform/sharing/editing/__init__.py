"""Datasets at the editors' desk."""
