import io
import socket
import struct
import threading

import pytest

from yiwang.kernel.plugins import Level
from yiwang.ui.plugins import clamav
from yiwang.ui.plugins.demo import test_signature as eicar
from yiwang.ui.scanning import ScanUnavailable, scanners


def exactly(connection, size):
    data = b""
    while len(data) < size:
        data += connection.recv(size - len(data))
    return data


class Daemon:
    """A clamd for tests: answers PING and INSTREAM, or with ``answer`` whatever it is asked."""

    def __init__(self, family, address, answer=None):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind(address)
        self.socket.listen()
        self.answer = answer
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _address = self.socket.accept()
            except OSError:
                return
            with connection:
                command = b""
                while not command.endswith(b"\0"):
                    command += connection.recv(1)
                connection.sendall((self.answer or self.reply(command, connection)) + b"\0")

    def reply(self, command, connection):
        if command == b"zPING\0":
            return b"PONG"
        content = b""
        while size := struct.unpack(">I", exactly(connection, 4))[0]:
            content += exactly(connection, size)
        return b"stream: Eicar-Signature FOUND" if eicar() in content else b"stream: OK"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture(params=["tcp", "unix"])
def daemon(request, settings, tmp_path):
    if request.param == "tcp":
        found = Daemon(socket.AF_INET, ("127.0.0.1", 0))
        settings.YIWANG_CLAMAV = f"tcp://127.0.0.1:{found.socket.getsockname()[1]}"
    else:
        found = Daemon(socket.AF_UNIX, str(tmp_path / "clamd.ctl"))
        settings.YIWANG_CLAMAV = f"unix://{tmp_path}/clamd.ctl"
    yield found
    found.close()


def test_clamav_is_asked_over_either_socket(daemon):
    scanner = scanners.get("clamav")
    assert [finding.level for finding in scanner.check_config()] == [Level.OK]
    assert scanner.scan(io.BytesIO(b"x" * 200_000)).clean
    assert scanner.scan(io.BytesIO(b"x" * 100_000 + eicar())).threat == "Eicar-Signature"


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"nonsense"])
def test_a_strange_answer_counts_as_none(settings, answer):
    daemon = Daemon(socket.AF_INET, ("127.0.0.1", 0), answer or b" ")
    settings.YIWANG_CLAMAV = f"tcp://127.0.0.1:{daemon.socket.getsockname()[1]}"
    with pytest.raises(ScanUnavailable):
        scanners.get("clamav").scan(io.BytesIO(b"x"))
    assert scanners.get("clamav").check_config()[0].level is Level.ERROR
    daemon.close()


def test_a_daemon_that_hangs_is_given_up(settings, monkeypatch):
    monkeypatch.setattr(clamav, "ANSWER_SECONDS", 0.1)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.YIWANG_CLAMAV = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(ScanUnavailable):
            scanners.get("clamav").scan(io.BytesIO(b"x"))


@pytest.mark.parametrize("address", ["", "http://x", "tcp://127.0.0.1:1", "unix:///nowhere/clamd"])
def test_a_wrong_address_is_found_by_the_doctor_and_raises_no_other_error(settings, address):
    settings.YIWANG_CLAMAV = address
    assert scanners.get("clamav").check_config()[0].level is Level.ERROR
    with pytest.raises(ScanUnavailable):
        scanners.get("clamav").scan(io.BytesIO(b"x"))


def test_outage_always_fails_and_says_so():
    assert scanners.get("outage").check_config()[0].level is Level.WARNING
    with pytest.raises(ScanUnavailable):
        scanners.get("outage").scan(io.BytesIO(b"x"))
