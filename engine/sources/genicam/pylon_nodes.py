"""The node map of a pypylon camera, as the settings see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pypylon import genicam

from engine.domain.inspection import Value
from engine.errors import UnsupportedProperty
from engine.sources.genicam.nodes import NodeKind

_KINDS: dict[int, NodeKind] = {
    genicam.intfIInteger: "int",
    genicam.intfIBoolean: "bool",
    genicam.intfICommand: "command",
    genicam.intfIFloat: "float",
    genicam.intfIEnumeration: "enum",
}
_ITS_OWN = (
    genicam.AccessException,
    genicam.OutOfRangeException,
    genicam.InvalidArgumentException,
    genicam.PropertyException,
    genicam.LogicalErrorException,
    genicam.DynamicCastException,
)


class PylonNodes:
    """genicam.nodes.Nodes on a pypylon node map. `check` raises SourceLost if the device is gone."""

    def __init__(self, node_map: Any, check: Callable[[], None]) -> None:
        self._map, self._check = node_map, check

    def has(self, name: str) -> bool:
        """True where the device implements it."""
        with self._plainly(name):
            return bool(int(self._map.GetNode(name).GetAccessMode()) != genicam.NI)

    def kind(self, name: str) -> NodeKind:
        """What it holds; `string` for what has no value of its own."""
        with self._plainly(name):
            return _KINDS.get(int(self._map.GetNode(name).GetNode().GetPrincipalInterfaceType()), "string")

    def get(self, name: str) -> Value:
        """The value now."""
        kind = self.kind(name)
        with self._plainly(name):
            value = self._map.GetNode(name).GetValue()
        if kind == "bool":
            return bool(value)
        return int(value) if kind == "int" else float(value) if kind == "float" else str(value)

    def set(self, name: str, value: Value) -> None:
        """Write it."""
        with self._plainly(name):
            self._map.GetNode(name).SetValue(value)

    def span(self, name: str) -> tuple[float | None, float | None, float | None]:
        """Lowest, highest, step."""
        stepped = self.kind(name) == "int"
        with self._plainly(name):
            node = self._map.GetNode(name)
            step = float(node.GetInc()) if stepped or node.HasInc() else None
            return float(node.GetMin()), float(node.GetMax()), step

    def choices(self, name: str) -> tuple[str, ...]:
        """The available entries."""
        with self._plainly(name):
            return tuple(str(entry) for entry in self._map.GetNode(name).GetSettableValues())

    def unit(self, name: str) -> str:
        """The unit it states."""
        with self._plainly(name):
            return str(self._map.GetNode(name).GetUnit())

    def execute(self, name: str) -> None:
        """Run the command."""
        with self._plainly(name):
            self._map.GetNode(name).Execute()

    def writable(self, name: str) -> bool:
        """True where it can be written now."""
        with self._plainly(name):
            return int(self._map.GetNode(name).GetAccessMode()) in (genicam.WO, genicam.RW)

    @contextmanager
    def _plainly(self, name: str) -> Iterator[None]:
        """The library's errors as ours: a node's own refusal, or a device that is gone."""
        try:
            yield
        except _ITS_OWN as error:
            raise UnsupportedProperty(f"The camera does not allow {name} as it stands.", str(error)[:200]) from error
        except (genicam.GenericException, AttributeError) as error:
            self._check()
            raise UnsupportedProperty(f"The camera failed at {name}.", str(error)[:200]) from error
