import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from yiwang.kernel import clock, timers
from yiwang.kernel.models import AuditEntry, Event, Timer
from yiwang.kernel.problems import Invalid, KeyReused, NeedsSignIn, NotAllowed, NotFound, NotNow
from yiwang.kernel.types import ANONYMOUS
from yiwang.platform.cases.models import Case
from yiwang.platform.notices.models import Message
from yiwang.platform.oversight import acts, queries
from yiwang.platform.oversight.exporting import upload_record
from yiwang.platform.oversight.models import Alert, BadRating, Rating, Service
from yiwang.platform.oversight.types import BadRatingState, Channel, Level

pytestmark = pytest.mark.usefixtures("testville")


def state(pk):
    return BadRatingState(BadRating.objects.get(pk=pk).state)


@pytest.fixture
def bad(service, elder, later):
    """Rate badly; give the handling's id."""
    with later(1):
        rating = acts.rate(service.id, Level.DISSATISFIED, ["209"], "等了很久", by=elder, key="r")
    return BadRating.objects.get(rating_id=rating).id


def test_a_closed_matter_can_be_rated_and_its_applicant_is_asked(closed, deliver, elder):
    deliver("oversight.services")
    assert Service.objects.count() == 1
    message = Message.objects.get(kind="rating.invited")
    assert message.link == f"/cases/{Service.objects.get().case_id}/rate/"


def test_one_rating_for_each_service(service, elder):
    pk = acts.rate(service.id, Level.VERY_SATISFIED, ["510", "513"], "", by=elder, key="a")
    assert acts.rate(service.id, Level.VERY_SATISFIED, ["510", "513"], "", by=elder, key="a") == pk
    with pytest.raises(KeyReused):
        acts.rate(service.id, Level.SATISFIED, [], "", by=elder, key="a")
    with pytest.raises(NotNow):
        acts.rate(service.id, Level.SATISFIED, [], "", by=elder, key="b")
    assert Rating.objects.count() == 1
    assert not BadRating.objects.exists()


def test_who_may_rate(service, elder, staff, person_id):
    with pytest.raises(NeedsSignIn):
        acts.rate(service.id, Level.SATISFIED, [], "", by=ANONYMOUS, key="a")
    with pytest.raises(NotAllowed):
        acts.rate(service.id, Level.SATISFIED, [], "", by=staff("supervisor"), key="a")
    from dataclasses import replace

    from yiwang.kernel.types import Party, PartyKind

    other = person_id("starter")
    stranger = replace(elder, id=other, principal=Party(PartyKind.PERSON, other))
    with pytest.raises(NotFound):
        acts.rate(service.id, Level.SATISFIED, [], "", by=stranger, key="a")


def test_a_bad_rating_needs_a_reason(service, elder):
    with pytest.raises(Invalid) as caught:
        acts.rate(service.id, Level.DISSATISFIED, [], "", by=elder, key="a")
    assert caught.value.errors[0].field == "reasons"
    with pytest.raises(Invalid):
        acts.rate(service.id, Level.DISSATISFIED, ["510"], "", by=elder, key="b")
    assert not Rating.objects.exists()


def test_silence_is_a_default_that_is_flagged_excluded_and_gives_way(service, elder, later):
    with later(7):
        timers.ring_due()
        assert not Rating.objects.exists()
    with later(9):
        timers.ring_due()
        row = Rating.objects.get()
        assert (row.is_default, row.rater_id) == (True, None)
        counted = queries.count_figures(clock.now() - timedelta(days=365))
        assert counted.total.services == 1
        assert counted.total.figures is None
        acts.rate(service.id, Level.FAIRLY_SATISFIED, [], "", by=elder, key="late")
    row.refresh_from_db()
    assert (row.is_default, row.level) == (False, "fairly_satisfied")


def test_a_bad_rating_goes_its_whole_way(bad, service, elder, later, staff, deliver):  # noqa: PLR0917
    handler, supervisor = staff("decider", "civil_affairs"), staff("supervisor")
    row = BadRating.objects.get(pk=bad)
    assert (row.verify_due - clock.legal_date(row.received_at)).days >= 1
    with later(1, 1):
        with pytest.raises(NotNow):
            acts.verify(bad, True, "属实", by=handler, key="0")
        acts.take_up(bad, by=handler, key="1")
        with pytest.raises(Invalid):
            acts.verify(bad, True, " ", by=handler, key="2")
        acts.verify(bad, True, "确实慢了", by=handler, key="3")
    assert state(bad) is BadRatingState.RECTIFYING
    with later(2):
        with pytest.raises(NotAllowed):
            acts.rectify(bad, "已增加人手", by=supervisor, key="4")
        acts.rectify(bad, "已增加人手，当场办结。", by=handler, key="5")
        deliver("oversight.answers")
        assert "已增加人手" in Message.objects.get(kind="rating.fed_back").content["body"]
        with pytest.raises(NotNow):
            acts.rate(service.id, Level.SATISFIED, [], "", by=elder, key="x")
        with pytest.raises(NotAllowed):
            acts.call_back(bad, "满意", by=handler, key="6")
        acts.call_back(bad, "接通，认可整改", by=supervisor, key="7")
        deliver("oversight.answers")
    assert state(bad) is BadRatingState.SECOND_RATING
    with later(3):
        acts.rate(service.id, Level.SATISFIED, [], "", by=elder, key="8")
    assert state(bad) is BadRatingState.CLOSED
    assert not Timer.objects.filter(kind="oversight.close_bad_rating").exists()
    assert queries.get_bad_rating(bad, supervisor).second is Level.SATISFIED
    assert sorted(Rating.objects.values_list("attempt", flat=True)) == [1, 2]


def test_a_second_rating_that_never_comes_does_not_hold_it_open(bad, later, staff):
    handler, supervisor = staff("decider", "civil_affairs"), staff("supervisor")
    with later(1, 1):
        acts.take_up(bad, by=handler, key="1")
        acts.verify(bad, True, "属实", by=handler, key="2")
        acts.rectify(bad, "已改", by=handler, key="3")
        acts.call_back(bad, "已回访", by=supervisor, key="4")
    with later(12):
        timers.ring_due()
    assert state(bad) is BadRatingState.CLOSED


def test_a_disputed_rating_is_reviewed_by_a_supervisor(bad, later, staff):
    handler, supervisor = staff("decider", "civil_affairs"), staff("supervisor")
    with later(1, 1):
        acts.take_up(bad, by=handler, key="1")
        acts.verify(bad, False, "当天就办好了", by=handler, key="2")
        assert state(bad) is BadRatingState.APPEAL_REVIEW
        with pytest.raises(NotAllowed):
            acts.review(bad, True, "误评", by=handler, key="3")
        acts.review(bad, True, "记录显示当场办结", by=supervisor, key="4")
    assert state(bad) is BadRatingState.REMOVED
    rating = Rating.objects.get()
    assert rating.removed_at is not None
    assert upload_record(rating)["EffectivEvalua"] == "0"


def test_a_kept_rating_is_put_right_like_any_other(bad, later, staff):
    handler, supervisor = staff("decider", "civil_affairs"), staff("supervisor")
    with later(1, 1):
        acts.take_up(bad, by=handler, key="1")
        acts.verify(bad, False, "不属实", by=handler, key="2")
        acts.review(bad, False, "录像显示态度确有问题", by=supervisor, key="3")
        assert state(bad) is BadRatingState.RECTIFYING
        assert BadRating.objects.get().rectify_due is not None


def test_lateness_raises_an_alert_once(bad, later, staff):
    with later(5):
        timers.ring_due()
        timers.ring_due()
    assert [row.kind for row in Alert.objects.all()] == ["verify_late"]
    assert staff("supervisor").has_role({"supervisor"})
    found = queries.alerts(staff("supervisor"))
    assert found[0].agency_name == "市民政局"
    acts.settle(found[0].id, "已约谈", by=staff("supervisor"), key="s")
    assert queries.alerts(staff("supervisor")) == []


def test_each_late_bad_rating_of_a_case_raises_its_own_alert(bad, service, elder, later, staff):
    other = Service.objects.create(
        **{
            field.attname: getattr(service, field.attname)
            for field in Service._meta.fields
            if field.attname not in ("id", "number", "kind")
        },
        number=service.number + 1,
        kind="on_site",
    )
    with later(0, 1):
        acts.rate(other.id, Level.VERY_DISSATISFIED, [], "又等了一天", by=elder, key="other")
    with later(5):
        timers.ring_due()
        timers.ring_due()
    raised = Alert.objects.filter(kind="verify_late", case_id=service.case_id)
    assert {row.bad_rating_id for row in raised} == {row.id for row in BadRating.objects.all()}
    assert raised.count() == 2
    for row in raised:
        acts.settle(row.id, "已约谈", by=staff("supervisor"), key=str(row.id))


def test_other_agencies_do_not_see_it(bad, staff, later):
    other = staff("decider", "amr")
    assert queries.bad_ratings(other)[0] == []
    with pytest.raises(NotFound):
        queries.get_bad_rating(bad, other)
    with later(1, 1), pytest.raises(NotFound):
        acts.take_up(bad, by=other, key="1")


def test_the_rater_is_protected(bad, staff, person_id):
    view = queries.get_bad_rating(bad, staff("decider", "civil_affairs"))
    assert "测试老人丁" not in repr(view)
    assert str(person_id("elder")) not in repr(view)
    details = " ".join(str(row.detail) for row in AuditEntry.objects.filter(name__startswith="oversight."))
    payloads = " ".join(str(row.payload) for row in Event.objects.filter(name__startswith="rating."))
    assert "等了很久" not in details + payloads


@pytest.mark.parametrize(
    ("state", "digit"),
    [
        ("submitted", "1"),
        ("accepted", "1"),
        ("conditional", "1"),
        ("in_process", "2"),
        ("suspended", "2"),
        ("decided", "2"),
        ("closed", "3"),
        ("delivered", "3"),
        ("archived", "3"),
    ],
)
def test_the_interface_knows_a_case_as_accepted_in_hand_or_done(service, elder, state, digit):
    pk = acts.rate(service.id, Level.SATISFIED, [], by=elder, key="1")
    Case.objects.filter(pk=service.case_id).update(state=state, **({} if digit == "3" else {"closed_at": None}))
    assert upload_record(Rating.objects.get(pk=pk))["proStatus"] == digit


def test_the_upload_record_speaks_the_interfaces_digits(service, elder, tmp_path):
    acts.rate(service.id, Level.VERY_SATISFIED, ["510"], "很快", channel=Channel.MOBILE, by=elder, key="a")
    file = tmp_path / "ratings.jsonl"
    today = clock.legal_date(Rating.objects.get().at).isoformat()
    call_command("ratings", "export", str(file), "--since", today, "--until", today, stdout=io.StringIO())
    (record,) = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert set(record) == {
        "projectNo", "pf", "areaCode", "deptCode", "taskCode", "taskHandleItem", "taskName", "subMatter", "proStatus",
        "proDepart", "proManager", "certKey", "certKeyGOV", "userName", "userProp", "userPageType", "handleUserName",
        "handleUserPageType", "handleUserPageCode", "serviceNumber", "satisfaction", "evalDetail", "writingEvaluation",
        "assessTime", "assessNumber", "acceptDate", "promiseTime", "dataSource", "isdefault", "EffectivEvalua",
    }  # fmt: skip
    assert record["satisfaction"] == "5"
    assert (record["pf"], record["proStatus"], record["userProp"], record["userPageType"]) == ("2", "3", "1", "111")
    assert (record["promiseTime"], record["serviceNumber"], record["assessNumber"]) == ("2", "1", "1")
    assert (record["isdefault"], record["evalDetail"], record["writingEvaluation"]) == ("0", "510", "很快")
    assert record["deptCode"] == "1133990000DEM1114U"
    assert record["subMatter"]
    assert "339901195004044442" not in str(record)
    assert file.stat().st_mode & 0o077 == 0
    assert AuditEntry.objects.get(name="oversight.export_ratings").detail["count"] == 1
    before = (clock.legal_date(Rating.objects.get().at) - timedelta(days=1)).isoformat()
    call_command("ratings", "export", str(file), "--since", before, "--until", before, stdout=io.StringIO())
    assert file.read_text("utf-8") == ""
