"""``yiwang licences …``: verify files without database or network; write the list of states and the trust anchors for it.

Exit codes of ``verify``: 0 all files are valid; of several that are not, the gravest counts: 3 changed, 4 unknown issuer,
5 not in force, 6 no licence. 1: it could not be checked (file, anchors or list cannot be read or believed).
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from yiwang.kernel import clock
from yiwang.platform.licences import offline
from yiwang.platform.licences.offline import Answer, Outcome
from yiwang.platform.licences.types import LicenceStatus

LARGEST_FILE = 64 * 1024 * 1024
EXIT = {Outcome.VALID: 0, Outcome.TAMPERED: 3, Outcome.UNKNOWN_ISSUER: 4, Outcome.ENDED: 5, Outcome.NO_LICENCE: 6}
WORDS = {
    Outcome.VALID: "有效 · valid",
    Outcome.TAMPERED: "内容被改过，不要采信 · changed after it was sealed: do not rely on it",
    Outcome.UNKNOWN_ISSUER: "签发人不明，不要采信 · sealed by somebody unknown: do not rely on it",
    Outcome.ENDED: "证照是真的，但已不能用 · genuine, but not in force",
    Outcome.NO_LICENCE: "不是电子证照 · not an e-licence",
}
STATES = {
    LicenceStatus.HELD: "暂扣 · held",
    LicenceStatus.WITHDRAWN: "已撤销 · withdrawn",
    LicenceStatus.CANCELLED: "已注销 · cancelled",
    LicenceStatus.EXPIRED: "已失效 · expired",
    LicenceStatus.TRANSFERRED: "已转出 · transferred",
    LicenceStatus.REVOKED: "已吊销 · revoked",
    LicenceStatus.OTHER: "其他 · other",
}


class Command(BaseCommand):
    """Verify licences offline, and write what that needs."""

    help = "离线核验电子证照文件（PDF、OFD）；写出状态清单和根证书"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="核验文件，不用数据库和网络")
        verify.add_argument("files", nargs="+", type=Path)
        verify.add_argument("--anchors", type=Path, help="根证书文件夹；不写就用本平台的")
        verify.add_argument("--states", type=Path, help="状态清单（yiwang licences revocations 写出的）")
        actions.add_parser("revocations", help="写出不在有效状态的证照清单，有签名")
        anchors = actions.add_parser("anchors", help="把本平台的根证书写进文件夹")
        anchors.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        getattr(self, f"_{options['action']}")(options)

    def _verify(self, options: dict[str, Any]) -> None:
        try:
            anchors = offline.anchors_in(options["anchors"]) if options["anchors"] else offline.own_anchors()
            states = offline.read_states(options["states"].read_bytes(), anchors) if options["states"] else None
        except (OSError, ValueError) as error:
            raise CommandError(f"不能核验 · cannot verify: {error}") from error
        if states is None:
            self.stderr.write(
                "没有给状态清单，只核验文件本身 · no list of states: only the files themselves are checked"
            )
        worst = 0
        for path in options["files"]:
            try:
                if path.stat().st_size > LARGEST_FILE:
                    raise OSError("larger than 64 MB")
                content = path.read_bytes()
            except OSError as error:
                raise CommandError(f"{path}: 读不了 · cannot be read: {error}") from error
            answer = offline.verify(content, anchors, states, clock.today())
            self.stdout.write(f"{path}: {_said(answer)}")
            code = EXIT[answer.outcome]
            worst = code if code and (not worst or code < worst) else worst
        if worst:
            sys.exit(worst)

    def _revocations(self, options: dict[str, Any]) -> None:
        from yiwang.platform.licences import queries
        from yiwang.platform.licences.signing import signatures

        signer = signatures.selected().seal_maker()
        if signer is None:
            raise CommandError("没有制章单位的 SM2 密钥，不能给清单签名 · no SM2 key of a maker of seals to sign with")
        self.stdout.write(offline.listed(queries.not_in_force(), signer, clock.now()))

    def _anchors(self, options: dict[str, Any]) -> None:
        from asn1crypto import pem

        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        own = offline.own_anchors()
        for name, found in (("pdf", own.pdf), ("sm2", own.sm2)):
            for number, one in enumerate(found):
                (folder / f"{name}-{number}.pem").write_bytes(pem.armor("CERTIFICATE", one.dump()))
        self.stdout.write(f"{len(own.pdf) + len(own.sm2)} certificates")


def _said(answer: Answer) -> str:
    lines = [WORDS[answer.outcome]]
    if answer.outcome is Outcome.ENDED and answer.state:
        lines.append(f"{STATES[answer.state]}{f', {answer.since}' if answer.since else ''}")
    if answer.signer:
        known = answer.outcome in {Outcome.VALID, Outcome.ENDED}
        lines.append(f"{'签章人 · sealed by' if known else '自称 · says it is'}: {answer.signer}")
    if answer.identifier:
        lines.append(f"标识 · identifier: {answer.identifier}")
    if answer.listed:
        lines.append(f"清单时间 · list of: {answer.listed.isoformat()}")
    return "\n  ".join(lines)
