"""The design system: base layouts, components, forms, uploads and the static build. It knows no business.

A form is data (``FieldSpec``): drawn, read and checked the same way at every door, with its errors beside the fields
and nothing lost that was typed. Every route says who may come in (``entry``); every answer carries a strict policy for
content, so nothing inline runs. Looks come from tokens that the city's pack sets.
"""
