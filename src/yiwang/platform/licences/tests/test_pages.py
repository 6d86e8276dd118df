import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from yiwang.kernel.limits import client_address, count
from yiwang.kernel.problems import TooMany
from yiwang.kernel.types import Party, Role
from yiwang.platform.licences import acts
from yiwang.platform.licences.models import Licence
from yiwang.platform.licences.portal import verifying
from yiwang.platform.licences.tests.conftest import official
from yiwang.ui import store

Issue = Callable[..., Licence]
SignedIn = Callable[[str], tuple[Client, Party]]


def page(response: Any) -> str:
    return str(response.content.decode())


def pdf_of(licence: Licence) -> bytes:
    with store.open_file(acts.make_once(licence.id)) as file:
        return file.read()


def upload(client: Client, content: bytes) -> Any:
    return client.post("/verify/file", {"file": SimpleUploadedFile("licence.pdf", content, "application/pdf")})


def test_a_stranger_verifies_by_the_qr_code(issue: Issue, client: Client) -> None:
    licence = issue()
    before = page(client.get(f"/verify/{licence.check_code}"))
    assert "电子签章正在生成" in before
    pdf_of(licence)
    response = client.get(f"/verify/{licence.check_code}")
    text = page(response)
    assert response.status_code == 200
    for said in (
        "有效",
        licence.number,
        licence.identifier,
        "演示路 18 号 1 层",
        "电子签章真实",
        "证照库里的文件与签发时一致",
    ):
        assert said in text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("hold", "被暂扣"),
        ("revoke", "已吊销"),
        ("withdraw", "已撤销"),
        ("cancel", "已注销"),
        ("transfer_out", "已转出"),
    ],
)
def test_a_verdict_follows_the_status(issue: Issue, client: Client, operation: str, words: str) -> None:
    licence = issue()
    pdf = pdf_of(licence)
    getattr(acts, operation)(licence.id, reason="演示原因", by=official(Role.ISSUER), key="1")
    for answer in (client.get(f"/verify/{licence.check_code}"), upload(client, pdf)):
        assert words in page(answer)
        assert "yw-verdict--ok" not in page(answer)
        assert "演示原因" not in page(answer), "the reason is for the holder"


def test_an_old_version_is_told_from_the_new(issue: Issue, client: Client) -> None:
    licence = issue()
    acts.change(licence.id, values={"place": "演示路 20 号"}, by=official(Role.ISSUER), key="1")
    assert "已失效" in page(client.get(f"/verify/{licence.check_code}"))


def test_identifier_and_number_are_both_needed(issue: Issue, client: Client) -> None:
    licence = issue()
    form = {"identifier": licence.identifier.lower(), "number": licence.number}
    assert "yw-verdict--ok" in page(client.post("/verify/", form))
    wrong = client.post("/verify/", form | {"number": "JY0"})
    assert "没有查到" in page(wrong)
    assert licence.check_code not in page(wrong)
    for field in ("identifier", "number"):
        response = client.post("/verify/", {field: form[field]})
        assert response.status_code == 422
        assert form[field] in page(response), "what was typed is not lost"
    assert client.post("/verify/", {}).status_code == 422
    address = f"http://127.0.0.1:8000/verify/{licence.check_code}"
    assert "yw-verdict--ok" in page(client.post("/verify/", {"code": address}))


def test_files(issue: Issue, client: Client) -> None:
    licence = issue()
    pdf = pdf_of(licence)
    assert "yw-verdict--ok" in page(upload(client, pdf))
    spoilt = pdf[:3000] + bytes([pdf[3000] ^ 1]) + pdf[3001:]
    text = page(upload(client, spoilt))
    assert "内容被改过，不要采信" in text
    assert "没有真实、完整的电子签章" in text
    assert "签章里自称" in text
    assert "没有查到" in page(upload(client, b"%PDF-1.7 nothing"))
    assert client.post("/verify/file").status_code == 422
    assert client.get("/verify/file").headers["Location"] == "/verify/"


def test_a_file_that_is_too_large(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "LARGEST_FILE", 10)
    assert upload(client, b"x" * 11).status_code == 422


def test_pages_need_no_script(issue: Issue, client: Client) -> None:
    text = page(client.get("/verify/"))
    assert text.count("<form") >= 2
    assert 'method="post"' in text
    assert 'enctype="multipart/form-data"' in text
    assert "onclick" not in text
    unknown = page(client.get("/verify/abcdefghij0123456789"))
    assert "没有查到" in unknown


def test_forms_are_protected(issue: Issue) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/verify/", {"code": "x"}).status_code == 403


def test_who_asks_too_often_waits(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "FILES_A_MINUTE", 2)
    monkeypatch.setattr("yiwang.kernel.limits.time.time", lambda: 1_800_000_000.0)
    assert [upload(client, b"x").status_code for _time in range(3)] == [200, 200, 429]
    refused = upload(client, b"x")
    assert refused.headers["Retry-After"] == "60"
    assert client.get("/verify/abcdefghij0123456789").status_code == 200, "another limit"
    assert Client(REMOTE_ADDR="192.0.2.7").post("/verify/file").status_code == 422, "another address"
    monkeypatch.setattr("yiwang.kernel.limits.time.time", lambda: 1_800_000_061.0)
    assert upload(client, b"x").status_code == 200


def test_limits_count_each_key_in_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.kernel.limits.time.time", lambda: 1_800_000_050.0)
    count("one", 1, 60)
    count("two", 1, 60)
    with pytest.raises(TooMany) as refused:
        count("one", 1, 60)
    assert refused.value.more == {"retry_after": 10}


def test_the_client_is_who_the_trusted_proxy_saw(settings: Any) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.2"})
    assert client_address(request) == "127.0.0.1"
    settings.YIWANG_TRUSTED_PROXIES = 1
    assert client_address(request) == "198.51.100.2"
    settings.YIWANG_TRUSTED_PROXIES = 3
    assert client_address(request) == "127.0.0.1"


def test_the_wallet_is_the_holders(issue: Issue, signed_in: SignedIn, client: Client) -> None:
    holder, party = signed_in("330302199306115318")
    neighbour, _other = signed_in("330302197004251868")
    licence = issue(holder=party, holder_name="演示申请人甲")
    paths = [f"/my/licences/{licence.id}/", f"/my/licences/{licence.id}/file"]
    assert licence.number in page(holder.get("/my/licences/"))
    assert licence.number not in page(neighbour.get("/my/licences/"))
    for path in paths:
        assert holder.get(path).status_code == 200
        assert neighbour.get(path).status_code == 404
        assert client.get(path).headers["Location"].startswith("/sign-in/")
    assert client.get("/my/licences/").status_code == 302
    assert holder.get(f"/my/licences/{uuid.uuid4()}/").status_code == 404


def test_the_holder_reads_why_and_who(issue: Issue, signed_in: SignedIn) -> None:
    holder, party = signed_in("330302199306115318")
    licence = issue(holder=party, holder_name="演示申请人甲")
    acts.hold(licence.id, reason="演示原因", by=official(Role.ISSUER), key="1")
    text = page(holder.get(f"/my/licences/{licence.id}/"))
    for said in ("暂扣", "演示原因", "演示市监局 001", licence.identifier, "/verify/"):
        assert said in text


def test_the_file_is_made_when_it_is_wanted_first(issue: Issue, signed_in: SignedIn) -> None:
    holder, party = signed_in("330302199306115318")
    licence = issue(holder=party, holder_name="演示申请人甲")
    response = holder.get(f"/my/licences/{licence.id}/file")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert response.headers["Content-Type"] == "application/pdf"
    assert "attachment" in response.headers["Content-Disposition"]
    assert content == pdf_of(licence)
    assert "yw-verdict--ok" in page(upload(Client(), content))


def test_the_file_is_there_as_ofd_too(issue: Issue, signed_in: SignedIn) -> None:
    holder, party = signed_in("330302199306115318")
    licence = issue(holder=party, holder_name="演示申请人甲")
    response = holder.get(f"/my/licences/{licence.id}/file?format=ofd")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert response.headers["Content-Type"] == "application/ofd"
    assert content.startswith(b"PK")
    assert "yw-verdict--ok" in page(upload(Client(), content))
    assert "yw-verdict--bad" in page(upload(Client(), content[:5000] + b"x" + content[5001:]))
    assert "?format=ofd" in page(holder.get(f"/my/licences/{licence.id}/"))


def test_the_wallet_asks_the_database_a_fixed_number_of_times(
    issue: Issue, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    holder, party = signed_in("330302199306115318")
    for _number in range(12):
        issue(holder=party, holder_name="演示申请人甲")
    with django_assert_max_num_queries(8):
        holder.get("/my/licences/")
