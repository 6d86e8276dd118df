"""The words of messages: built in, or the city's own where its pack has them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from yiwang.platform.notices.models import PackTemplate
from yiwang.platform.notices.types import TemplateSpec

SPEC: TypeAdapter[TemplateSpec] = TypeAdapter(TemplateSpec)
_BUILT_IN = Path(__file__).with_name("templates.yaml")


@lru_cache(maxsize=1)
def built_in() -> dict[str, TemplateSpec]:
    """Return the words that every city has."""
    rows = yaml.safe_load(_BUILT_IN.read_text("utf-8"))
    return {spec.kind: spec for spec in TypeAdapter(list[TemplateSpec]).validate_python(rows)}


def get_template(kind: str) -> TemplateSpec:
    """Return the words for a kind; the city's go before the built-in ones. Raises KeyError."""
    row = PackTemplate.objects.filter(pk=kind).first()
    return SPEC.validate_python(row.document) if row else built_in()[kind]
