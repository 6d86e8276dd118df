"""The real way: events wait for their transactions, are delivered once, and may be delivered again."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.config.journey import Journey, Scenario
from yiwang.kernel import work
from yiwang.kernel.clock import today
from yiwang.kernel.models import EventCursor
from yiwang.platform.notices.models import Delivery, Message


@pytest.mark.django_db(transaction=True)
def test_events_delivered_again_tell_nobody_again(person_id):
    elder = person_id("elder")
    scenario = Scenario(life_event="old_age", person="elder", answers={"place_region": "339901001"})
    list(Journey(scenario, elder, None, today()).steps())
    work.drain()
    counts = Message.objects.count(), Delivery.objects.count()
    assert counts[0] >= 4
    assert ProcrastinateJob.objects.filter(task_name="notices.send", status="todo").count() == 1
    EventCursor.objects.filter(subscriber="notices").update(xid=0, xid_to=0, seq=0)
    work.drain()
    assert (Message.objects.count(), Delivery.objects.count()) == counts
