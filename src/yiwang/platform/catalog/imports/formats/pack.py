"""One item of a pack as a file: YAML with its bodies, as a pack has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.kernel.packs import Pack
from yiwang.platform.catalog import documents, pack
from yiwang.platform.catalog.imports.formats import (
    Body,
    FileRefused,
    ImportFormat,
    Refused,
    Row,
    Tables,
    registry,
)

MAX_BYTES = 4 * 1_048_576


@registry.register("pack")
class PackItem(ImportFormat):
    """An item file of a pack (``packs/NAME/items/*.yaml``): one row for each body."""

    label = gettext_lazy("数据包事项（YAML）")
    suffixes = (".yaml", ".yml")

    def rows(self, path: Path, tables: Tables) -> Iterator[Row | Refused]:
        """Read the file; its faults are told with their lines."""
        if path.stat().st_size > MAX_BYTES:
            raise FileRefused("file.large", _("YAML 文件不能超过 4 MB。"))
        try:
            with path.open(encoding="utf-8") as file:
                if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(file, yaml.SafeLoader)):
                    raise FileRefused("alias", _("YAML 里不能用别名（*）。"))
        except yaml.YAMLError as error:
            raise FileRefused("yaml", _("不是 YAML：%(reason)s") % {"reason": error}) from None
        except UnicodeDecodeError:
            raise FileRefused("encoding", _("YAML 文件要用 UTF-8 编码。")) from None
        source = Pack(path.parent)
        for _path, definition in pack.read_item(source, path):
            yield Row(
                1,
                definition.handle_code or definition.task_code,
                documents.dump_definition(definition),
                Body(definition.task_code[:18], definition.agency),
            )
        for fault in source.faults:
            yield Refused(fault.line, "", "pack", fault.message)
