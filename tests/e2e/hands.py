"""How somebody works a page: with a mouse, or with nothing but a keyboard."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

FARTHEST = 400
"""More presses of Tab than any page has stops."""
_HERE = "element => element === document.activeElement"


class Mouse:
    """Clicks and types."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def click(self, target: Locator) -> None:
        """Press a button, follow a link, open a fold."""
        target.click()

    def tick(self, target: Locator) -> None:
        """Choose a radio button or tick a box (its label lies over it)."""
        target.check(force=True)

    def type(self, target: Locator, text: str) -> None:
        """Replace what stands in a field."""
        target.fill(text)

    def select(self, target: Locator, label: str) -> None:
        """Choose from a list."""
        target.select_option(label=label)

    def give(self, target: Locator, file: Any) -> None:
        """Choose a file."""
        target.set_input_files(file)


class Keyboard(Mouse):
    """Reaches everything with Tab, and works it with the keys that a browser gives to it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        page.on("filechooser", lambda _chooser: None)  # be there before the first one opens: it is not waited for

    def reach(self, target: Locator) -> None:
        """Press Tab until the focus is there."""
        expect(target).to_be_attached()
        for _press in range(FARTHEST):
            if target.evaluate(_HERE):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {target}")

    def click(self, target: Locator) -> None:
        """Press Enter on it."""
        self.reach(target)
        self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        """Press Space on a box; on a radio button walk its group with the arrow keys."""
        if target.get_attribute("type") == "checkbox":
            self.reach(target)
            if not target.is_checked():
                self.page.keyboard.press("Space")
            return
        group = self.page.locator(f'input[type=radio][name="{target.get_attribute("name")}"]')
        entry = group.and_(self.page.locator(":checked"))
        self.reach(entry if entry.count() else group.first)
        self.page.keyboard.press("Space")
        for _press in range(group.count()):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        assert target.is_checked()

    def type(self, target: Locator, text: str) -> None:
        """Type over what stands there."""
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def select(self, target: Locator, label: str) -> None:
        """Walk the list with the arrow keys."""
        self.reach(target)
        for _press in range(target.locator("option").count()):
            if target.locator("option:checked").inner_text().strip() == label:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the list has no {label}")

    def give(self, target: Locator, file: Any) -> None:
        """Press Enter where files are chosen."""
        name = (target.get_attribute("id") or "").removesuffix("-input")  # with script a button stands before the field
        button = self.page.locator(f"button#{name}")
        self.reach(button if button.count() else target)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)


def words(text: str) -> re.Pattern[str]:
    """Match a name that contains this text (names of buttons end with their key)."""
    return re.compile(re.escape(text))
