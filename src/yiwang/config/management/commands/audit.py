"""``yiwang audit …``: recompute every sealed block of the audit trail and tell what does not agree."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from yiwang.kernel import audit
from yiwang.kernel.audit import Head


def _head(text: str) -> Head:
    number, _colon, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise ArgumentTypeError("写成 块号:摘要（64 位十六进制）")
    return Head(int(number), digest)


class Command(BaseCommand):
    """Verify or seal the audit trail, or print its head."""

    help = "核验或封存审计记录；head 打印链头，抄在别处，以后用 --head 核对"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("action", choices=["verify", "seal", "head"])
        parser.add_argument("--head", action="append", type=_head, default=[], help="抄在别处的链头，块号:摘要，可重复")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 if anything was changed."""
        if options["action"] == "seal":
            sealed = sum(iter(audit.seal, 0))  # after a restore there are two blocks to make
            self.stdout.write(f"{sealed} entries sealed")
        elif options["action"] == "head":
            head = audit.last_head()
            self.stdout.write(f"{head.number}:{head.digest}" if head else "")
        else:
            self._verify(options["head"])

    def _verify(self, heads: list[Head]) -> None:
        findings = list(audit.verify(heads))
        for finding in findings:
            self.stdout.write(f"block {finding.block}: {finding.message}")
        blocks, entries = audit.sealed()
        kept = len(audit.kept_heads()) + len(heads)
        self.stdout.write(f"{blocks} blocks, {entries} entries, {kept} heads kept, {len(findings)} findings")
        if findings:
            sys.exit(1)
