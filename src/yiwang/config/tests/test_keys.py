"""The data key is changed under a whole city."""

from __future__ import annotations

import base64
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from yiwang.kernel import sealed
from yiwang.platform.identity.models import Person

NEW = f"new:sm4:{base64.b64encode(b'n' * 16).decode()}"


def keys(*arguments: str) -> tuple[int, dict[str, int]]:
    out, code = StringIO(), 0
    try:
        call_command("keys", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, {name: int(count) for name, count in re.findall(r"^(\S+): (\d+)", out.getvalue(), re.MULTILINE)}


@pytest.mark.django_db
def test_every_sealed_table_moves_to_the_new_key_and_opens_without_the_old(testville: None, settings: Any) -> None:
    numbers = set(Person.objects.values_list("number", "phone"))
    old = settings.YIWANG_DATA_KEYS
    code, left = keys("status")
    assert (code, sum(left.values())) == (0, 0)

    settings.YIWANG_DATA_KEYS = f"{NEW},{old}"
    code, left = keys("status")
    assert code == 1
    assert left["identity.Person"] == len(numbers)
    assert keys("reseal", "--batch", "3") == (0, left)
    assert keys("status")[0] == 0

    settings.YIWANG_DATA_KEYS = NEW
    assert set(Person.objects.values_list("number", "phone")) == numbers
    settings.YIWANG_DATA_KEYS = old
    with pytest.raises(sealed.SealBroken):
        list(Person.objects.values_list("number"))
    with pytest.raises(CommandError, match="有一行打不开"):
        keys("reseal")
