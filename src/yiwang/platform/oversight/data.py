"""The national reason list and the city's parameters."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from yiwang.kernel.remembered import forget, remembered
from yiwang.platform.oversight.models import Setting
from yiwang.platform.oversight.types import Level, Parameters, Reason, ReasonList

PARAMETERS: TypeAdapter[Parameters] = TypeAdapter(Parameters)
_NAME = "oversight.parameters"


@lru_cache(maxsize=1)
def reason_list() -> ReasonList:
    """Return the list in force."""
    document = yaml.safe_load(Path(__file__).with_name("reasons.yaml").read_text("utf-8"))
    return ReasonList(
        document["version"],
        {
            Level(level): tuple(Reason(str(code), label) for code, label in rows.items())
            for level, rows in document["reasons"].items()
        },
    )


def parameters() -> Parameters:
    """Return what the city decided, kept for a minute."""
    return remembered(_NAME, _read_parameters)


def _read_parameters() -> Parameters:
    row = Setting.objects.first()
    return PARAMETERS.validate_python(row.document) if row else Parameters()


def write_parameters(parameters: Parameters) -> None:
    """Replace what the city decided (loading a pack)."""
    Setting.objects.update_or_create(id=1, defaults={"document": PARAMETERS.dump_python(parameters, mode="json")})
    forget(_NAME)
