"""A camera's node map through Aravis, and Aravis' errors as ours."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import gi

try:
    gi.require_version("Aravis", "0.8")
except ValueError as error:
    raise ImportError(str(error)) from error
from gi.repository import Aravis, GLib

from engine.domain.inspection import Value
from engine.errors import LinesideError, SourceBusy, SourceLost, SourceNotFound, UnsupportedProperty
from engine.sources.genicam.nodes import NodeKind

__all__ = ["Aravis", "AravisNodes", "said"]

_CODES = Aravis.DeviceError
_BUSY = {int(_CODES.PROTOCOL_ERROR_ACCESS_DENIED), int(_CODES.NOT_CONTROLLER)}
_GONE = {int(_CODES.TIMEOUT), int(_CODES.NOT_CONNECTED), int(_CODES.TRANSFER_ERROR), int(_CODES.UNKNOWN)}


class AravisNodes:
    """engine.sources.genicam.nodes.Nodes on an open Aravis device."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def has(self, name: str) -> bool:
        """True where the device implements this node."""
        with said(name):
            return bool(self._device.is_feature_implemented(name))

    def kind(self, name: str) -> NodeKind:
        """What the node holds."""
        node = self._node(name)
        # An enumeration is also a number and a text to Aravis: it is asked first.
        kinds: tuple[tuple[NodeKind, Any], ...] = (
            ("enum", Aravis.GcEnumeration),
            ("bool", Aravis.GcBoolean),
            ("command", Aravis.GcCommand),
            ("int", Aravis.GcInteger),
            ("float", Aravis.GcFloat),
        )
        return next((kind for kind, interface in kinds if isinstance(node, interface)), "string")

    def get(self, name: str) -> Value:
        """The value now."""
        device, kind = self._device, self.kind(name)
        with said(name):
            if kind == "int":
                return int(device.get_integer_feature_value(name))
            if kind == "float":
                return float(device.get_float_feature_value(name))
            if kind == "bool":
                return bool(device.get_boolean_feature_value(name))
            return str(device.get_string_feature_value(name))

    def set(self, name: str, value: Value) -> None:
        """Write it."""
        device, kind = self._device, self.kind(name)
        with said(name):
            if kind == "int":
                device.set_integer_feature_value(name, int(value))
            elif kind == "float":
                device.set_float_feature_value(name, float(value))
            elif kind == "bool":
                device.set_boolean_feature_value(name, bool(value))
            else:
                device.set_string_feature_value(name, str(value))

    def span(self, name: str) -> tuple[float | None, float | None, float | None]:
        """Lowest, highest and step of a number now."""
        device = self._device
        with said(name):
            if self.kind(name) == "int":
                low, high = device.get_integer_feature_bounds(name)
                return low, high, device.get_integer_feature_increment(name)
            bounds = device.get_float_feature_bounds(name)
            step = device.get_float_feature_increment(name)
        # Where the device states none, Aravis answers with the ends of what a double holds.
        low, high = (bound if abs(bound) < 1e300 and math.isfinite(bound) else None for bound in bounds)
        return low, high, step if 1e-300 < step < 1e300 else None

    def choices(self, name: str) -> tuple[str, ...]:
        """The entries of an enumeration that are available now."""
        with said(name):
            return tuple(map(str, self._device.dup_available_enumeration_feature_values_as_strings(name)))

    def unit(self, name: str) -> str:
        """The unit of a number as the device states it."""
        node = self._node(name)
        with said(name):
            return str((node.get_unit() if hasattr(node, "get_unit") else "") or "")

    def execute(self, name: str) -> None:
        """Run a command."""
        with said(name):
            self._device.execute_command(name)

    def writable(self, name: str) -> bool:
        """True where it can be written now."""
        with said(name):
            available = self._device.is_feature_available(name)
            return bool(available) and self._device.get_feature_access_mode(name) != Aravis.GcAccessMode.RO

    def _node(self, name: str) -> Any:
        node = self._device.get_feature(name)
        if node is None:
            raise UnsupportedProperty(f"The camera has no setting {name}.", "Leave it out.")
        return node


@contextlib.contextmanager
def said(what: str) -> Iterator[None]:
    """Aravis' errors as ours: SourceNotFound, SourceBusy, SourceLost, else UnsupportedProperty about `what`."""
    try:
        yield
    except GLib.Error as error:
        raise _ours(error, what) from error


def _ours(error: Any, what: str) -> LinesideError:
    if GLib.quark_from_string(error.domain) == Aravis.device_error_quark():
        if error.code == int(_CODES.NOT_FOUND):
            return SourceNotFound(f"The camera {what} is not there.", "Check its power, its cable and its address.")
        if error.code in _BUSY:
            return SourceBusy("Another program holds the camera.", "Close the other program.")
        if error.code in _GONE:
            return SourceLost("The camera does not answer.", "Check its power and its cable.")
    return UnsupportedProperty(f"The camera refuses {what}: {error.message}.", "Leave it as it is.")
