"""On an English page every Chinese part says that it is Chinese, and nothing else changes."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from yiwang.ui.parts import mark_chinese

PLAIN = {"script", "style", "textarea", "title", "svg"}
TEXTS = st.text(st.sampled_from("区府前街王 a88号，（）·&;\n"), max_size=12).map(
    lambda text: text.replace("&", "&amp;")
)
PAGES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["p", "b", "li"]), inner),
        st.builds('<a title="府{0}" href="/?q=王">{1}</a>'.format, st.sampled_from(["", "前"]), inner),
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(sorted(PLAIN)), TEXTS),
        st.builds('<select><option value="区">{}</option></select>'.format, TEXTS),
        st.just("<!-- 王 --><br>"),
    ),
    max_leaves=20,
)


class Reader(HTMLParser):
    """Reads text and tags, and in which language each sign stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = [("", "en")]
        self.signs: list[tuple[str, str, str]] = []
        self.tags: list[object] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            self.stack.append((tag, str(dict(attrs).get("lang", self.stack[-1][1]))))
        if tag != "i":
            self.tags.append((tag, [one for one in attrs if one[0] != "lang"]))

    def handle_endtag(self, tag: str) -> None:
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        where, language = self.stack[-1]
        self.signs += [(sign, where, language) for sign in data]


def is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"


@given(PAGES)
def test_every_chinese_sign_is_marked_and_nothing_else_changes(page: str) -> None:
    before, after = Reader(page), Reader(mark_chinese(page))

    assert [sign for sign, *_ in before.signs] == [sign for sign, *_ in after.signs]
    assert before.tags == after.tags
    for sign, where, language in after.signs:
        if is_han(sign) and where not in PLAIN:
            assert language == "zh-CN", mark_chinese(page)
        if sign == "a" and where != "option":
            assert language == "en", mark_chinese(page)


def test_an_address_is_one_part() -> None:
    page = "<p>Counter 3, 鹿城区府前街88号（3楼）, call 12345</p>"
    assert mark_chinese(page) == '<p>Counter 3, <i lang="zh-CN">鹿城区府前街88号（3楼</i>）, call 12345</p>'
