"""``yiwang api …``: register and close clients of the API, write its description."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from oauth2_provider.generators import generate_client_id, generate_client_secret

from yiwang.config.environment import ROOT
from yiwang.doors.openapi import acts, queries, views
from yiwang.kernel.api import SCOPES
from yiwang.kernel.problems import Problem
from yiwang.kernel.types import SYSTEM
from yiwang.platform.directory import queries as directory
from yiwang.platform.identity import queries as identity


class Command(BaseCommand):
    """Clients of the API, and its description."""

    help = "登记、停用接口客户端，写出接口说明"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="登记一个客户端，密钥只显示这一次")
        add.add_argument("name")
        owner = add.add_mutually_exclusive_group(required=True)
        owner.add_argument("--firm", help="统一社会信用代码")
        owner.add_argument("--agency", help="部门代码")
        add.add_argument("--purpose", required=True, help="用来做什么：写进它每次办理和读取的记录")
        add.add_argument("--item", action="append", default=[], help="只能办的事项（12 位基本编码），不写不限")
        add.add_argument("--agent", help="经办人的身份证号：可以使用委托给他的委托")
        add.add_argument("--scope", action="append", choices=sorted(SCOPES), help="不写就是全部")
        close = actions.add_parser("close", help="停用一个客户端")
        close.add_argument("id", type=uuid.UUID)
        actions.add_parser("list", help="列出客户端")
        describe = actions.add_parser("describe", help="写出 OpenAPI 说明")
        describe.add_argument("file", nargs="?", type=Path, default=ROOT / "docs" / "api" / "openapi.json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        try:
            getattr(self, f"_{options['action']}")(options)
        except Problem as problem:
            raise CommandError(str(problem.detail)) from problem

    def _add(self, options: dict[str, Any]) -> None:
        firm = identity.find_organisation(options["firm"]) if options["firm"] else None
        agent = identity.find_person(options["agent"]) if options["agent"] else None
        if (options["firm"] and firm is None) or (options["agent"] and agent is None):
            raise CommandError("没有这个单位或这个人。")
        client_id, secret = generate_client_id(), generate_client_secret()
        pk = acts.register_client(
            options["name"],
            client_id,
            secret,
            options["scope"] or sorted(SCOPES),
            options["purpose"],
            items=options["item"],
            agency=directory.get_agency(options["agency"]).id if options["agency"] else None,
            organisation=firm.id if firm else None,
            agent=agent.id if agent else None,
            by=SYSTEM,
            key=uuid.uuid4().hex,
        )
        self.stdout.write(f"id            {pk}\nclient_id     {client_id}\nclient_secret {secret}")

    def _close(self, options: dict[str, Any]) -> None:
        acts.close_client(options["id"], by=SYSTEM, key=uuid.uuid4().hex)

    def _list(self, options: dict[str, Any]) -> None:
        for client in queries.clients():
            state = "停用" if client.closed else "在用"
            told = (str(client.id), state, client.name, client.owner, client.purpose, *client.items, *client.scopes)
            self.stdout.write("  ".join(told))

    def _describe(self, options: dict[str, Any]) -> None:
        options["file"].parent.mkdir(parents=True, exist_ok=True)
        options["file"].write_text(views.description_text())
