"""Oversight's part of a pack: the city's parameters (``oversight.yaml``)."""

from __future__ import annotations

from yiwang.kernel.packs import Pack
from yiwang.platform.oversight.data import write_parameters
from yiwang.platform.oversight.types import Parameters


def load(pack: Pack) -> None:
    """Load the parameters; without the file the national practice holds."""
    path = pack.root / "oversight.yaml"
    made = pack.make(path, pack.yaml(path) or {}, Parameters) if path.exists() else Parameters()
    pack.stop_if_faulty()
    if made is not None:
        write_parameters(made)
