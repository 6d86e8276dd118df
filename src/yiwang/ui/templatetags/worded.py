"""``{% load i18n %}``: as Django has it, but a sentence that stands in a template as it is becomes text when it is read.

``ui.loaders`` reads every template once for each language. A page has a hundred such sentences, lists have them in each line.
"""

from __future__ import annotations

from django.template import Context, Library, Node
from django.template.base import Parser, TextNode, Token
from django.templatetags import i18n

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """Translate a sentence now, if nothing about it can change."""
    node = i18n.do_translate(parser, token)
    said, context = node.filter_expression, node.message_context
    constant = said.var.literal is not None and not said.filters and not (context and context.is_var)
    if not constant or node.asvar or getattr(parser, "other_language", False):
        return node
    return TextNode(node.render(Context()))


@register.tag
def language(parser: Parser, token: Token) -> Node:
    """Draw a part in another language, which is not the one that the template is read for."""
    parser.other_language = True  # type: ignore[attr-defined]
    try:
        return i18n.language(parser, token)
    finally:
        parser.other_language = False  # type: ignore[attr-defined]
