"""``yiwang audit verify``: recompute every sealed block of the audit trail and tell what does not agree."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from yiwang.kernel import audit
from yiwang.kernel.models import AuditBlock


class Command(BaseCommand):
    """Verify or seal the audit trail."""

    help = "核验或封存审计记录"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("action", choices=["verify", "seal"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 if anything was changed."""
        if options["action"] == "seal":
            self.stdout.write(f"{audit.seal()} entries sealed")
            return
        findings = list(audit.verify())
        for finding in findings:
            self.stdout.write(f"block {finding.block}: {finding.message}")
        entries = sum(AuditBlock.objects.values_list("entries", flat=True))
        self.stdout.write(f"{AuditBlock.objects.count()} blocks, {entries} entries, {len(findings)} findings")
        if findings:
            sys.exit(1)
