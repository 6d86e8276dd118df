"""What is public renews the stamp under which public pages are kept."""

from yiwang.kernel import stamps
from yiwang.kernel.models import Stamp
from yiwang.platform.catalog.models import Implementation
from yiwang.platform.directory.models import ServiceCentre


def test_a_stamp_is_new_after_each_change(testville):
    """The tables of Testville renew the public one; what nobody reads publicly does not."""
    first = stamps.value()
    assert first
    assert stamps.value() == first

    row = Implementation.objects.first()
    row.state = "review"
    row.save()
    assert stamps.value() == first, "a draft is not public"
    ServiceCentre.objects.update(hours="9:00–17:00")
    second = stamps.value()
    assert second != first
    Implementation.objects.filter(pk=row.pk).update(current=None)
    assert stamps.value() not in (first, second)
    assert stamps.value("nothing") == ""
    assert Stamp.objects.count() == 1
