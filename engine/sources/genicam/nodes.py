"""The node map of a GenICam device as the settings see it, whichever library holds it."""

from __future__ import annotations

from typing import Literal, Protocol

from engine.domain.inspection import Value
from engine.errors import UnsupportedProperty

NodeKind = Literal["float", "int", "enum", "bool", "command", "string"]

_MAX_ENTRIES = 256
_MAX_LETTERS = 64


class Nodes(Protocol):
    """The nodes of one open device, by name.

    Every method raises UnsupportedProperty for what a node cannot do (now), and SourceLost where the device does not
    answer.
    """

    def has(self, name: str) -> bool:
        """True where the device implements this node, even while it is locked or not available."""
        ...

    def kind(self, name: str) -> NodeKind:
        """What the node holds."""
        ...

    def get(self, name: str) -> Value:
        """The value now: float, int, bool, or the name of an enumeration's entry."""
        ...

    def set(self, name: str, value: Value) -> None:
        """Write it."""
        ...

    def span(self, name: str) -> tuple[float | None, float | None, float | None]:
        """Lowest, highest and step of a number now; None where the device states none."""
        ...

    def choices(self, name: str) -> tuple[str, ...]:
        """The entries of an enumeration that are available now."""
        ...

    def unit(self, name: str) -> str:
        """The unit of a number as the device states it; empty = not stated."""
        ...

    def execute(self, name: str) -> None:
        """Run a command."""
        ...

    def writable(self, name: str) -> bool:
        """True where it can be written now."""
        ...


def entries(nodes: Nodes, name: str) -> tuple[str, ...]:
    """The available entries of an enumeration, no more than a sane device has; empty where there is none."""
    if not nodes.has(name) or nodes.kind(name) != "enum":
        return ()
    return tuple(entry for entry in nodes.choices(name)[:_MAX_ENTRIES] if 0 < len(entry) <= _MAX_LETTERS)


def choose(nodes: Nodes, name: str, value: str | bool) -> bool:
    """Have a switch or selector stand on `value`; False where the device has not that choice (now)."""
    try:
        if not nodes.has(name):
            return False
        if nodes.get(name) == value:
            return True
        if not nodes.writable(name) or (isinstance(value, str) and value not in entries(nodes, name)):
            return False
        nodes.set(name, value)
    except UnsupportedProperty:
        return False
    return True
