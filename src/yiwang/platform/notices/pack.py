"""The notices' part of a pack: the city's own words (``notices.yaml``)."""

from __future__ import annotations

from yiwang.kernel.packs import Pack
from yiwang.platform.notices import rules, templates
from yiwang.platform.notices.models import PackTemplate
from yiwang.platform.notices.types import TemplateSpec


def load(pack: Pack) -> None:
    """Replace the city's own words; a kind or place that does not exist is a fault."""
    specs = list(pack.rows("notices.yaml", TemplateSpec))
    for spec in specs:
        if spec.kind not in templates.built_in():
            pack.fault(pack.root / "notices.yaml", 1, f"{spec.kind}: there is no such message")
        for fault in rules.faults(spec):
            pack.fault(pack.root / "notices.yaml", 1, fault)
    pack.stop_if_faulty()
    PackTemplate.objects.all().delete()
    PackTemplate.objects.bulk_create(
        PackTemplate(kind=spec.kind, document=templates.SPEC.dump_python(spec, mode="json")) for spec in specs
    )
