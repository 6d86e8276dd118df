"""A feed reaches where the city lets it, however its address is written and whatever names resolve to."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from yiwang.kernel import certificates, clock
from yiwang.kernel.problems import Invalid
from yiwang.platform.sharing import live, queries
from yiwang.platform.sharing.connectors import Source
from yiwang.platform.sharing.models import Dataset, Feed
from yiwang.platform.sharing.plugins import http_pull, sql_pull
from yiwang.platform.sharing.reaching import Outside, is_allowed, resolved
from yiwang.platform.sharing.tests.datasets import CONSUMER, allowed, dataset, published
from yiwang.platform.sharing.tests.sources import feed_of, read, serving

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
LOOPBACK = ["127.0.0.0/8", "::1/128"]
OFFICE = ["10.20.0.0/16", "fd00:20::/32"]
TRULY = socket.getaddrinfo


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def networks(settings: Any) -> Callable[[list[str]], None]:
    def allow(names: list[str]) -> None:
        settings.YIWANG_FEED_NETWORKS = [ipaddress.ip_network(one) for one in names]

    return allow


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Names that resolve to these addresses: one list after the other, the last one for ever."""
    known: dict[str, list[list[str]]] = {}

    def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return TRULY(host, port, *args, **more)
        found = known[name].pop(0) if len(known[name]) > 1 else known[name][0]
        return [one for address in found for one in TRULY(address, port, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::",
        "224.0.0.1", "10.21.0.1", "::ffff:10.21.0.1", "8.8.8.8", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "100.100.100.200",
    ],
)  # fmt: skip
def test_what_is_not_named_is_outside(networks: Any, address: str) -> None:
    networks(OFFICE)
    with pytest.raises(Outside):
        resolved(address, 80)


@pytest.mark.parametrize("address", ["10.20.0.1", "::ffff:10.20.255.9", "fd00:20::5"])
def test_what_is_named_is_inside(networks: Any, address: str) -> None:
    networks(OFFICE)
    assert resolved(address, 80) == address.removeprefix("::ffff:")


def test_however_wide_a_network_is_metadata_and_this_machine_stay_outside(networks: Any) -> None:
    networks(["0.0.0.0/0", "::/0"])
    for address in ("169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "fe80::1", "ff02::1"):
        assert not is_allowed(ipaddress.ip_address(address)), address
    assert is_allowed(ipaddress.ip_address("8.8.8.8"))
    networks([*LOOPBACK])
    assert is_allowed(ipaddress.ip_address("127.0.0.1"))


def test_without_networks_nothing_is_reached(networks: Any) -> None:
    networks([])
    for address in ("127.0.0.1", "10.20.0.1", "8.8.8.8", "::1"):
        with pytest.raises(Outside):
            resolved(address, 80)
    assert http_pull.HttpPull().check_config()


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001", "127.0.0.1.", "localhost"])
def test_other_ways_to_write_this_machine(networks: Any, host: str) -> None:
    networks(OFFICE)
    with pytest.raises(Outside):
        resolved(host, 80)


def test_names(networks: Any, names: dict[str, list[list[str]]]) -> None:
    networks(OFFICE)
    names["inside.test"] = [["10.20.3.4"]]
    names["outside.test"] = [["10.99.3.4"]]
    names["both.test"] = [["10.20.3.4", "169.254.169.254"]]
    names["two.test"] = [["fd00:20::7", "10.20.3.5"]]
    assert resolved("inside.test", 80) == "10.20.3.4"
    assert resolved("two.test", 80) == "10.20.3.5"
    for name in ("outside.test", "both.test", "nobody-knows.invalid", "x" * 300, "a..b"):
        with pytest.raises(Outside):
            resolved(name, 80)


HTTP = [
    "http://allowed.test@169.254.169.254/", "http://allowed.test:80@169.254.169.254/", "http://user:pass@allowed.test/",
    "http://169.254.169.254#@allowed.test/", "http://169.254.169.254\\@allowed.test/", "http://allowed.test#x",
    "ftp://allowed.test/", "file:///etc/passwd", "gopher://allowed.test/", "//allowed.test/", "allowed.test", "", "http://",
    "http:///x", "http://[::ffff:169.254.169.254]/", "http://[fe80::1%25eth0]/", "http://allowed.test:99999/", "http://\n/",
    "http://169.254.169.254/?@allowed.test", "http://ａllowed.test.169.254.169.254/", "javascript:x", "http://[::1]/",
]  # fmt: skip
SQL = [
    "postgresql://allowed.test@169.254.169.254/x", "postgresql://u:p@allowed.test/x", "postgresql:///x", "sqlite:///x",
    "postgresql://allowed.test/x?host=169.254.169.254", "postgresql://allowed.test/x?hostaddr=169.254.169.254",
    "postgresql://allowed.test/x?service=a", "postgresql://allowed.test,169.254.169.254/x", "postgresql://%2Ftmp/x",
    "postgresql+psycopg2://allowed.test/x", "mysql://allowed.test/x?local_infile=1", "mysql://allowed.test", "x", "",
    "postgresql://allowed.test/host=169.254.169.254", "mysql://169.254.169.254/x", "oracle://allowed.test/x",
    "mysql://allowed.test/x?unix_socket=/run/mysqld.sock", "postgresql://allowed.test:x/x",
]  # fmt: skip


@pytest.mark.parametrize("address", HTTP)
def test_tricks_with_web_addresses(networks: Any, names: Any, address: str) -> None:
    networks(["10.20.0.0/16"])
    names["allowed.test"] = [["10.20.3.4"]]
    found = http_pull.HttpPull().check(Source(dataset(), address))
    assert [one.field for one in found] == ["address"]


@pytest.mark.parametrize("address", SQL)
def test_tricks_with_addresses_of_databases(networks: Any, names: Any, address: str) -> None:
    networks(["10.20.0.0/16"])
    names["allowed.test"] = [["10.20.3.4"]]
    found = sql_pull.SqlPull().check(Source(dataset(), address, {"user": "u", "table": "t", "change": "c"}))
    assert [one.field for one in found] == ["address"]


def test_honest_addresses(networks: Any, names: Any) -> None:
    networks(["10.20.0.0/16"])
    names["allowed.test"] = [["10.20.3.4"]]
    for address in ("http://allowed.test/a?b=c", "https://allowed.test:8443/", "http://10.20.0.9:81/x"):
        assert http_pull.HttpPull().check(Source(dataset(), address)) == []
    for address in ("postgresql://allowed.test/库", "postgres://10.20.1.1:5433/x", "mariadb://allowed.test/x_1"):
        assert sql_pull.SqlPull().check(Source(dataset(), address, {"user": "u", "table": "t", "change": "c"})) == []


# --- connected to is what was looked at ---


@pytest.fixture
def data(testville: None, db: None) -> Dataset:
    return published(dataset())


def test_a_name_that_changes_its_mind_is_not_followed(data: Dataset, names: Any) -> None:
    """The second answer, which a connection by name would get, leads nowhere; and the source sees its name."""
    with serving(lambda _query: {"rows": [{"subject": "甲", "value": "x"}]}) as server:
        # Asked when it is saved, before the run, and for the request: a connection by name would have asked once more.
        names["rebinding.test"] = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]]
        feed = read(feed_of(data, "http_pull", address=f"http://rebinding.test:{server.server_port}/rows"))
        assert (feed.last_error, server.heads[0]["Host"]) == ("", f"rebinding.test:{server.server_port}")
        Feed.objects.update(next_at=NOON)
        feed = read(feed)
        assert "不在允许的网络里" in feed.last_error
        assert len(server.asked) == 1


def test_a_name_that_turns_inward_is_not_asked_about_anybody(data: Dataset, names: Any) -> None:
    """Saved when it led to the agency; when somebody is to be asked about, it leads to the machine's metadata."""
    allowed(data)
    with serving(lambda asked: {"answers": {code: [] for code in asked["datasets"]}}) as server:
        names["rebinding.test"] = [["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]]
        feed_of(data, "http_ask", address=f"http://rebinding.test:{server.server_port}/ask")
        wanted = {data.code: {"value": [CONSUMER]}}
        live.forget()
        found = [queries.ask(["110101199003075715"], wanted)[data.code].available for _time in range(2)]
        live.forget()
        assert found == [True, False]
        assert len(server.asked) == 1


def certificate(path: Path, *names: str) -> Path:
    """Write a certificate that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + plain)
    return path


@pytest.mark.parametrize(("vouched", "told"), [("secure.test", ""), ("other.test", "ConnectError")])
def test_a_certificate_is_checked_for_the_name_though_the_address_is_connected_to(
    data: Dataset, names: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, vouched: str, told: str
) -> None:
    file = certificate(tmp_path / "cert.pem", vouched)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    asked: list[str] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(str(name))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setattr(certificates, "trusted", ssl.create_default_context)
    names["secure.test"] = [["127.0.0.1"]]
    with serving(lambda _query: {"rows": []}) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        feed = read(feed_of(data, "http_pull", address=f"https://secure.test:{server.server_port}/", secret="s3cret"))
    assert told in feed.last_error
    assert bool(feed.last_error) == bool(told)
    assert asked == ["secure.test"]
    assert len(server.asked) == (0 if told else 1), "no token goes to whom nobody vouches for"


def test_an_ipv6_address_is_connected_to(data: Dataset, names: Any) -> None:
    names["six.test"] = [["::1"]]
    feed = read(feed_of(data, "http_pull", address="http://six.test:1/"))
    assert "ConnectError" in feed.last_error


def test_redirects_are_not_followed(data: Dataset) -> None:
    with serving(lambda _query: {"rows": []}) as inner:
        away = (302, {"Location": inner.url}, b"")
        with serving(lambda _query: away) as server:
            feed = read(feed_of(data, "http_pull", address=server.url))
        assert feed.last_error == "数据源让去别的地址，没有跟去。"
        assert inner.asked == []


def test_proxies_of_the_environment_are_not_asked(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _query: {"rows": []}) as proxy, serving(lambda _query: {"rows": []}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
        feed = read(feed_of(data, "http_pull", address=server.url))
        assert (feed.last_error, len(server.asked), proxy.asked) == ("", 1, [])


def test_an_address_outside_is_not_saved(data: Dataset) -> None:
    with pytest.raises(Invalid) as refused:
        feed_of(data, "http_pull", address="http://169.254.169.254/latest/meta-data/")
    assert [error.field for error in refused.value.errors] == ["address"]
