"""Items at the editors' desk: their form, their review, their own pages."""
