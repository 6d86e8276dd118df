"""What the tests that walk from page to page share: where the links of a page lead."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from django.http import HttpResponse

LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')
ELSEWHERE = ("/static/", "/editors/", "/_components", "/sign-out/")
"""Files; Wagtail's own desk; samples; and the way out."""


def links(answer: HttpResponse) -> Iterator[str]:
    """Yield where a page's links lead, in its order, or where one is led on."""
    if answer.status_code in (301, 302):
        yield answer.headers["Location"]
        return
    if "text/html" not in answer.headers.get("Content-Type", "") or answer.streaming:
        return
    for found in LINK.findall(answer.content.decode()):
        link = html.unescape(found)
        if not link.startswith(ELSEWHERE):
            yield link
