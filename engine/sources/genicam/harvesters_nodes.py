"""The node map of the `genicam` package, as the settings see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from genicam import genapi, gentl

from engine.domain.inspection import Value
from engine.errors import SourceLost, UnsupportedProperty
from engine.sources.genicam.nodes import NodeKind

# GenApi's EInterfaceType and EAccessMode.
_KINDS: dict[int, NodeKind] = {2: "int", 3: "bool", 4: "command", 5: "float", 6: "string", 9: "enum"}
_NOT_IMPLEMENTED, _WRITE_ONLY, _READ_WRITE = 0, 2, 4
_ITS_OWN = (
    genapi.AccessException,
    genapi.OutOfRangeException,
    genapi.InvalidArgumentException,
    genapi.PropertyException,
    genapi.LogicalErrorException,
    genapi.DynamicCastException,
)


class MapNodes:
    """genicam.nodes.Nodes on a genapi.NodeMap. `check` raises SourceLost if the device is gone."""

    def __init__(self, node_map: Any, check: Callable[[], None]) -> None:
        self._map, self._check = node_map, check
        self._found: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """True where the device implements it."""
        with self._plainly(name):
            node = self._node(name)
            return node is not None and int(node.get_access_mode()) != _NOT_IMPLEMENTED

    def kind(self, name: str) -> NodeKind:
        """What it holds; `string` for what has no value of its own."""
        with self._plainly(name):
            return _KINDS.get(int(self._must(name).node.principal_interface_type), "string")

    def get(self, name: str) -> Value:
        """The value now."""
        kind = self.kind(name)
        with self._plainly(name):
            node = self._must(name)
            if kind == "command":
                raise UnsupportedProperty(f"The camera's {name} has no value.")
            value = node.value
        if kind == "bool":
            return bool(value)
        return int(value) if kind == "int" else float(value) if kind == "float" else str(value)

    def set(self, name: str, value: Value) -> None:
        """Write it."""
        with self._plainly(name):
            self._must(name).value = value

    def span(self, name: str) -> tuple[float | None, float | None, float | None]:
        """Lowest, highest, step."""
        with self._plainly(name):
            node = self._must(name)
            stepped = not isinstance(node, genapi.IFloat) or bool(node.has_inc())
            return float(node.min), float(node.max), float(node.inc) if stepped else None

    def choices(self, name: str) -> tuple[str, ...]:
        """The available entries."""
        with self._plainly(name):
            return tuple(str(entry) for entry in self._must(name).symbolics)

    def unit(self, name: str) -> str:
        """The unit it states."""
        with self._plainly(name):
            return str(getattr(self._must(name), "unit", "") or "")

    def execute(self, name: str) -> None:
        """Run the command."""
        with self._plainly(name):
            self._must(name).execute()

    def writable(self, name: str) -> bool:
        """True where it can be written now."""
        with self._plainly(name):
            node = self._node(name)
            return node is not None and int(node.get_access_mode()) in (_WRITE_ONLY, _READ_WRITE)

    def _node(self, name: str) -> Any:
        if name not in self._found:
            try:
                self._found[name] = self._map.get_node(name)
            except genapi.LogicalErrorException:
                self._found[name] = None
        return self._found[name]

    def _must(self, name: str) -> Any:
        node = self._node(name)
        if node is None:
            raise UnsupportedProperty(f"The camera has no {name}.")
        return node

    @contextmanager
    def _plainly(self, name: str) -> Iterator[None]:
        """The library's errors as ours: a node's own refusal, or a device that is gone."""
        try:
            yield
        except _ITS_OWN as error:
            raise UnsupportedProperty(f"The camera does not allow {name} as it stands.", str(error)[:200]) from error
        except (genapi.GenericException, AttributeError) as error:
            self._check()
            raise UnsupportedProperty(f"The camera failed at {name}.", str(error)[:200]) from error
        except gentl.GenericException as error:
            raise SourceLost("The camera does not answer.", "Check its power and its cable.") from error
