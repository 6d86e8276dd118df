"""ClamAV: the ``clamd`` daemon, over TCP or a unix socket (its INSTREAM command).

``settings.YIWANG_CLAMAV`` is ``tcp://HOST:PORT`` or ``unix:///PATH``.
"""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings

from yiwang.kernel.plugins import Finding, Level

from ..scanning import ScanUnavailable, Verdict, VirusScan, scanners

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 30.0
PIECE = 64 * 1024


@scanners.register("clamav")
class ClamavScan(VirusScan):
    """Asks clamd; any doubt about its answer counts as no answer."""

    label = "ClamAV"

    def check_config(self) -> list[Finding]:
        """Check the address and say hello."""
        address = getattr(settings, "YIWANG_CLAMAV", "")
        if urlsplit(address).scheme not in {"tcp", "unix"}:
            return [Finding(Level.ERROR, "请把 YIWANG_CLAMAV 设为 tcp://主机:端口 或 unix:///路径。")]
        try:
            with self._connect() as connection:
                connection.sendall(b"zPING\0")
                answer = connection.recv(16)
        except ScanUnavailable as error:
            return [Finding(Level.ERROR, f"clamd 没有应答：{error}")]
        except OSError as error:
            return [Finding(Level.ERROR, f"clamd 没有应答：{error}")]
        if answer.rstrip(b"\0") != b"PONG":
            return [Finding(Level.ERROR, "对方不是 clamd。")]
        return [Finding(Level.OK, "clamd 应答正常。")]

    def scan(self, file: BinaryIO) -> Verdict:
        """Stream the file to clamd."""
        try:
            with self._connect() as connection:
                connection.sendall(b"zINSTREAM\0")
                while piece := file.read(PIECE):
                    connection.sendall(struct.pack(">I", len(piece)) + piece)
                connection.sendall(struct.pack(">I", 0))
                answer = self._answer(connection)
        except OSError as error:
            raise ScanUnavailable(str(error)) from error
        if answer == "stream: OK":
            return Verdict()
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return Verdict(answer.removeprefix("stream: ").removesuffix(" FOUND"))
        raise ScanUnavailable(f"unexpected answer: {answer[:80]}")

    def _connect(self) -> socket.socket:
        parts = urlsplit(getattr(settings, "YIWANG_CLAMAV", ""))
        try:
            if parts.scheme == "unix":
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(parts.path)
            else:
                connection = socket.create_connection((parts.hostname, parts.port or 3310), CONNECT_SECONDS)
        except OSError as error:
            raise ScanUnavailable(str(error)) from error
        connection.settimeout(ANSWER_SECONDS)
        return connection

    def _answer(self, connection: socket.socket) -> str:
        received = b""
        while not received.endswith(b"\0") and len(received) < 4096:
            piece = connection.recv(4096)
            if not piece:
                break
            received += piece
        return received.rstrip(b"\0\n").decode("utf-8", "replace")
