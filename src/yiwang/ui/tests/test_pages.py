import re

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from yiwang.kernel.problems import Invalid, NeedsSignIn, NotFound, NotNow, TooMany
from yiwang.kernel.types import FieldError
from yiwang.ui import errors, site
from yiwang.ui.middleware import PartsMiddleware, ProblemMiddleware, SecurityHeadersMiddleware
from yiwang.ui.site import Site

STATUSES = (400, 403, 404, 413, 429, 500, 503)
PAGES = ("/_components", "/_components/desk", *(f"/_components/errors/{status}" for status in STATUSES))

A_CITY = Site(name="演示市·一网", seal="演示一网", theme={"brand": "#7a1f5c", "seal": "#b8321c"})


def a_city():
    return A_CITY


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", [*PAGES, "/seal.svg", "/nowhere"])
def test_every_answer_carries_the_strict_policy(client, path):
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    for kind in ("style", "img", "script", "font", "connect"):
        assert policy[f"{kind}-src"] == "'self'"
    assert policy["form-action"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_an_exception_is_for_its_path_only_and_a_view_may_bring_its_own(settings):
    settings.UI_CSP_EXCEPTIONS = {"/editor/": "default-src 'self'"}
    own = HttpResponse(headers={"Content-Security-Policy": "sandbox"})
    pages = {"/editor/x": HttpResponse(), "/editorial": HttpResponse(), "/own": own}
    middleware = SecurityHeadersMiddleware(lambda request: pages[request.path])
    policy = {p: middleware(RequestFactory().get(p)).headers["Content-Security-Policy"] for p in pages}
    assert policy["/editor/x"] == "default-src 'self'"
    assert policy["/editorial"].startswith("default-src 'none'")
    assert policy["/own"] == "sandbox"


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_style_script_or_handler(client, path):
    html = client.get(path).content.decode()
    assert not re.search(
        r"\sstyle=|<style|javascript:|\son(click|load|error|change|input|submit|focus|blur|key\w+|mouse\w+)=",
        html,
    )
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!example\.invalid)', html)
    assert "<c-" not in html
    assert "{{" not in html
    assert "{%" not in html


@pytest.mark.parametrize("status", STATUSES)
def test_error_pages_say_what_to_do_and_need_no_database(client, status):
    response = client.get(f"/_components/errors/{status}")
    html = response.content.decode()
    assert response.status_code == status
    assert errors.words(status).title in html
    assert errors.words(status).todo[0] in html
    assert "12345" in html
    assert response.headers["Cache-Control"] == "no-store"


def test_an_unknown_address_is_our_page(client):
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "没有这一页" in response.content.decode()


def test_a_body_above_the_limit_is_not_called_a_bad_request():
    request = RequestFactory().post("/")
    assert errors.bad_request(request, RequestDataTooBig()).status_code == 413
    assert errors.bad_request(request, SuspiciousOperation()).status_code == 400


def test_the_components_page_is_for_demonstrations_only(client, settings):
    settings.YIWANG_DEMO = settings.DEBUG = False
    for path in PAGES:
        assert client.get(path).status_code == 404


def test_the_edition_is_switched_by_a_plain_post_and_comes_back_to_the_page(client):
    assert 'data-edition="standard"' in client.get("/_components").content.decode()
    response = client.post("/preferences", {"edition": "elder", "next": "/_components?a=1"})
    assert (response.status_code, response.url) == (302, "/_components?a=1")
    html = client.get("/_components").content.decode()
    assert '<html lang="zh-CN" data-edition="elder">' in html
    assert 'value="standard"' in html
    client.post("/preferences", {"edition": "<script>"})
    assert 'data-edition="standard"' in client.get("/_components").content.decode()


def test_what_stays_chinese_on_an_english_page_says_so_and_other_answers_are_left_alone(settings, rf):
    def answer(path="/", kind="text/html; charset=utf-8", language="en"):
        with translation.override(language):
            found = PartsMiddleware(lambda _request: HttpResponse("<p>at 鹿城区</p>", content_type=kind))(rf.get(path))
        return found.content.decode()

    settings.UI_CSP_EXCEPTIONS = {"/foreign/": ""}
    assert answer() == '<p>at <i lang="zh-CN">鹿城区</i></p>'
    plain = "<p>at 鹿城区</p>"
    assert answer(language="zh-hans") == answer(kind="application/json") == answer("/foreign/a") == plain


@pytest.mark.parametrize(
    "target", ["https://evil.invalid/", "//evil.invalid/", "javascript:alert(1)", "/\\evil.invalid"]
)
def test_a_switch_leads_nowhere_else(client, target):
    assert client.post("/preferences", {"edition": "elder", "next": target}).url == "/"


def test_preferences_are_changed_by_post_only(client):
    assert client.get("/preferences?edition=elder").status_code == 405


def test_the_site_speaks_chinese_until_told_otherwise(client):
    response = client.get("/_components", headers={"Accept-Language": "en"})
    assert response.headers["Content-Language"] == "zh-hans"
    assert "跳到正文" in response.content.decode()
    client.post("/preferences", {"language": "en", "next": "/"})
    response = client.get("/_components")
    assert '<html lang="en"' in response.content.decode()
    assert "Skip to main content" in response.content.decode()
    assert "Cookie" in response.headers["Vary"]
    client.post("/preferences", {"language": "xx"})
    assert '<html lang="en"' in client.get("/_components").content.decode()


def test_public_pages_set_no_cookie(client):
    assert not client.get("/_components/errors/404").cookies


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        (NotFound("没有这个办件。"), 404, "没有这个办件。"),
        (NotNow("办件已暂停计时。"), 409, "办件已暂停计时。"),
        (Invalid("", errors=(FieldError("name", "请填写姓名"),)), 422, "请填写姓名"),
    ],
)
def test_a_refused_act_is_told_as_a_page(problem, status, said):
    response = ProblemMiddleware(HttpResponse).process_exception(RequestFactory().get("/x"), problem)
    assert response.status_code == status
    assert said in response.content.decode()
    assert str(problem.title) in response.content.decode()


def test_a_missing_sign_in_leads_to_it_and_back(settings):
    settings.LOGIN_URL = "/sign-in/"
    middleware = ProblemMiddleware(HttpResponse)
    factory = RequestFactory()
    response = middleware.process_exception(factory.get("/my/?a=1"), NeedsSignIn())
    assert response.url == "/sign-in/?next=%2Fmy%2F%3Fa%3D1"
    response = middleware.process_exception(factory.post("/my/?a=1"), NeedsSignIn(level="L3"))
    assert response.url == "/sign-in/?next=%2Fmy%2F&level=L3"
    response = middleware.process_exception(factory.get("/my/", headers={"HX-Request": "true"}), NeedsSignIn())
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/sign-in/?next=%2Fmy%2F")
    assert middleware.process_exception(factory.get("/"), ValueError()) is None


def test_a_city_brings_its_colours_and_its_seal(client, settings):
    settings.UI_SITE = f"{__name__}.a_city"
    html = client.get("/_components").content.decode()
    address = re.search(r'href="(/theme/[^"]+)"', html)[1]
    sheet = client.get(address)
    assert sheet.content.decode() == ":root{--yw-brand:#7a1f5c;--yw-seal:#b8321c;}\n"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/theme/old.css").headers["Cache-Control"] == "no-cache"
    assert "演示市·一网" in html
    assert 'x="33.5" y="21.5">演<' in html
    assert "演" in client.get("/seal.svg").content.decode()


@pytest.mark.parametrize(
    ("theme", "said"),
    [
        ({"green": "#00ff00"}, "不能改 green"),
        ({"brand": "#ffd21a"}, "对比度只有 1.4"),
        ({"brand": "red;}body{display:none"}, "要写成 #rrggbb"),
        ({"seal": "#FFF"}, "要写成 #rrggbb"),
    ],
)
def test_a_theme_that_breaks_the_design_is_refused(theme, said):
    assert said in " ".join(site.theme_errors(theme))
    with pytest.raises(ValueError, match=re.escape(said)):
        site.theme_css(theme)


@pytest.mark.parametrize(("colour", "ratio"), [("#ffffff", 1), ("#000000", 21), ("#164c9f", 8.2), ("#b8321c", 6.0)])
def test_contrast_is_that_of_the_guidelines(colour, ratio):
    assert site.contrast_with_white(colour) == pytest.approx(ratio, abs=0.06)


@pytest.mark.parametrize("path", ["/search/?q=%00", "/progress/?number=a%00&code=b", "/items/%00/"])
def test_the_sign_that_no_database_holds_is_refused_at_the_door(client, db, path):
    assert client.get(path).status_code in (400, 404)


def test_the_sign_that_no_database_holds_is_refused_in_forms(client, db):
    assert client.post("/sign-in/", {"method": "password", "login": "a\x00", "password": "x"}).status_code == 400
    assert client.post("/sign-in/", {"method\x00": "password"}).status_code == 400


def test_a_body_beyond_all_limits_is_not_read(client, db):
    answer = client.generic("POST", "/sign-in/", b"x", content_type="text/plain", CONTENT_LENGTH=str(300 * 1024 * 1024))
    assert answer.status_code == 413


@pytest.mark.parametrize(("wait", "soon"), [(60, True), (3600, False)])
def test_who_has_to_wait_for_hours_is_not_told_to_wait_a_minute(wait, soon):
    answer = errors.render_problem(RequestFactory().get("/"), TooMany("10:00 起可以再试。", retry_after=wait))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(wait))
    assert "10:00 起可以再试。" in answer.content.decode()
    assert ("等一分钟" in answer.content.decode()) is soon
