"""The plugins against other ends of their own on this machine."""

import json
import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from yiwang.kernel.plugins import Level
from yiwang.kernel.problems import Unavailable
from yiwang.platform.identity import tasks as identity_tasks
from yiwang.platform.identity.ports import code_senders
from yiwang.platform.notices import channels
from yiwang.platform.notices.channels import NotReached, Refused


@pytest.fixture
def serve():
    """Run servers in threads until the test is over; gives their port."""
    running = []

    def start(server):
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread))
        return server.server_address[1]

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


class Gateway(BaseHTTPRequestHandler):
    status = 200
    got: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((json.loads(body), dict(self.headers)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.mark.parametrize(("status", "outcome"), [(200, None), (400, Refused), (429, NotReached), (503, NotReached)])
def test_the_gateway_is_told_once_and_its_answer_understood(serve, settings, status, outcome):
    handler = type("Handler", (Gateway,), {"status": status, "got": []})
    settings.YIWANG_SMS_URL = f"http://127.0.0.1:{serve(HTTPServer(('127.0.0.1', 0), handler))}/sms"
    settings.YIWANG_SMS_TOKEN = "t0ken"
    plugin = channels.sms.get("http")
    assert plugin.check_config() == []
    if outcome is None:
        plugin.send("19900000004", "标题", "正文", "k1")
    else:
        with pytest.raises(outcome) as caught:
            plugin.send("19900000004", "标题", "正文", "k1")
        assert "19900000004" not in str(caught.value)
    (body, headers), *more = handler.got
    assert not more
    assert body == {"to": "19900000004", "text": "正文", "key": "k1"}
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer t0ken", "k1")


def queued():
    """Return the arguments of the one job that waits to send a code."""
    (args,) = ProcrastinateJob.objects.filter(task_name="identity.send_code").values_list("args", flat=True)
    return args


@pytest.mark.usefixtures("testville")
def test_a_sign_in_code_goes_out_by_the_sms_channel(serve, settings, client):
    handler = type("Handler", (Gateway,), {"status": 200, "got": []})
    settings.YIWANG_SMS_URL = f"http://127.0.0.1:{serve(HTTPServer(('127.0.0.1', 0), handler))}/sms"
    settings.YIWANG_DEMO = False
    settings.YIWANG_PLUGINS = {"identity.code_sender": "notices", "notices.sms": "http"}
    assert client.post("/sign-up/", {"f-mobile": "13912345678"}).status_code == 302
    args = queued()
    assert "13912345678" not in str(args)
    identity_tasks.send_code.func(**args)
    ((body, _headers),) = handler.got
    assert body["to"] == "13912345678"
    filled = {"f-code": re.search(r"\d{6}", body["text"])[0], "f-name": "演示新人", "agreed": "yes"}
    filled |= {"password": "Wen-Zhou-2026x", "again": "Wen-Zhou-2026x"}
    assert client.post("/sign-up/code/", filled).url == "/account/verify/"


@pytest.mark.parametrize(("status", "again"), [(503, True), (429, True), (400, False)])
def test_a_code_that_is_not_taken_now_is_tried_again_a_wrong_number_never(serve, settings, status, again):
    handler = type("Handler", (Gateway,), {"status": status, "got": []})
    settings.YIWANG_SMS_URL = f"http://127.0.0.1:{serve(HTTPServer(('127.0.0.1', 0), handler))}/sms"
    settings.YIWANG_PLUGINS = {"notices.sms": "http"}
    sender = code_senders.get("notices")
    if again:
        with pytest.raises(Unavailable):
            sender.send("13912345678", "验证码 123456", "k1")
    else:
        sender.send("13912345678", "验证码 123456", "k1")
    assert [headers["Idempotency-Key"] for _body, headers in handler.got] == ["k1"]


def test_the_code_sender_is_as_well_configured_as_the_channel(settings):
    settings.YIWANG_DEMO, settings.YIWANG_SMS_URL = False, ""
    settings.YIWANG_PLUGINS = {"notices.sms": "http"}
    assert [finding.level for finding in code_senders.get("notices").check_config()] == [Level.ERROR]


class Mailbox(socketserver.StreamRequestHandler):
    refuse = b""
    got: list = []

    def handle(self):
        self.wfile.write(b"220 demo\r\n")
        lines, reading = [], False
        for raw in self.rfile:
            line = raw.rstrip(b"\r\n")
            if reading:
                if line == b".":
                    reading = False
                    self.got.append(b"\n".join(lines))
                    self.wfile.write(b"250 ok\r\n")
                else:
                    lines.append(line)
                continue
            verb = line.upper().split(b" ")[0]
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if verb == b"DATA":
                reading = True
                self.wfile.write(b"354 go\r\n")
            elif verb == b"RCPT" and self.refuse:
                self.wfile.write(self.refuse)
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.mark.parametrize(
    ("answer", "outcome"), [(b"", None), (b"550 no such user\r\n", Refused), (b"451 later\r\n", NotReached)]
)
def test_mail_goes_by_smtp(serve, settings, answer, outcome):
    handler = type("Handler", (Mailbox,), {"refuse": answer, "got": []})
    port = serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler))
    settings.YIWANG_SMTP_URL = f"smtp://127.0.0.1:{port}?from=one%40city.example"
    plugin = channels.mail.get("smtp")
    assert plugin.check_config() == []
    if outcome is None:
        plugin.send("demo@example.invalid", "已批准", "正文", "k1")
        assert b"Message-ID: <k1@city.example>" in handler.got[0]
    else:
        with pytest.raises(outcome) as caught:
            plugin.send("demo@example.invalid", "已批准", "正文", "k1")
        assert "example.invalid" not in str(caught.value)


def test_an_end_that_is_not_there_is_not_reached(settings):
    settings.YIWANG_SMS_URL, settings.YIWANG_SMTP_URL = (
        "http://127.0.0.1:9/",
        "smtp://127.0.0.1:9?from=a%40b.example",
    )
    for plugin in (channels.sms.get("http"), channels.mail.get("smtp"), channels.sms.get("outage")):
        with pytest.raises(NotReached):
            plugin.send("1", "a", "b", "k")


def test_missing_configuration_is_told(settings):
    settings.YIWANG_SMS_URL = settings.YIWANG_SMTP_URL = ""
    settings.YIWANG_DEMO = False
    for plugin in (channels.sms.get("http"), channels.mail.get("smtp"), channels.sms.get("demo")):
        assert [finding.level for finding in plugin.check_config()] == [Level.ERROR]
