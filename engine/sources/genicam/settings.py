"""A camera's settings on its GenICam node map, whatever names its maker gave the nodes.

The names follow the Standard Features Naming Convention (SFNC 2.7), those of its first edition (…Abs, …Raw) and the few
that makers use instead. What a device lacks is left out; what it lets nobody do is said in its own numbers.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from engine.domain.inspection import Value
from engine.errors import UnsupportedProperty
from engine.sources.base import SETTINGS, Capability, checked, unknown
from engine.sources.genicam.nodes import NodeKind, Nodes, choose, entries
from engine.sources.genicam.pixel_formats import FORMATS
from engine.sources.genicam.trigger import TRIGGER_SETTINGS, Trigger

__all__ = ["GenicamSettings", "NodeKind", "Nodes"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Number:
    """A node that holds a number, and what a count of it is worth."""

    node: str
    scale: float = 1.0


# Node, and the node that says how many µs one count of it is worth.
_NUMBERS: dict[str, tuple[tuple[str, str], ...]] = {
    "width": (("Width", ""),),
    "height": (("Height", ""),),
    "offset_x": (("OffsetX", ""),),
    "offset_y": (("OffsetY", ""),),
    "frame_rate": (("AcquisitionFrameRate", ""), ("AcquisitionFrameRateAbs", "")),
    "exposure_us": (("ExposureTime", ""), ("ExposureTimeAbs", ""), ("ExposureTimeRaw", "ExposureTimeBaseAbs")),
    "focus": (("FocusStepper", ""), ("FocusPos", ""), ("Focus", "")),
    "packet_size": (("GevSCPSPacketSize", ""), ("DeviceStreamChannelPacketSize", "")),
    "packet_delay": (("GevSCPD", ""),),
    "trigger_delay_us": (("TriggerDelay", ""), ("TriggerDelayAbs", ""), ("TriggerDelayRaw", "TriggerDelayTimebaseAbs")),
    "debounce_us": (
        ("LineDebouncerTime", ""),
        ("LineDebouncerTimeAbs", ""),
        ("LineDebouncerTimeRaw", "LineDebouncerTimeBaseAbs"),
    ),
    "burst": (("AcquisitionBurstFrameCount", ""),),
}
_GAINS = ("Gain", "GainAbs", "GainRaw")
_SWITCHES = {
    "auto_exposure": ("ExposureAuto",),
    "auto_gain": ("GainAuto",),
    "auto_focus": ("FocusAuto", "AutoFocus"),
}
_WHOLE = frozenset(("width", "height", "offset_x", "offset_y", "packet_size", "packet_delay", "burst"))
_Turns = tuple[tuple[str, tuple[str | bool, ...]], ...]
# What must stand on what before the node means what its name says: the first of the values that the device takes.
_SELECT: dict[str, _Turns] = {
    "gain_db": (("GainSelector", ("All", "AnalogAll")),),
    "gain_raw": (("GainSelector", ("All", "AnalogAll")),),
    "auto_gain": (("GainSelector", ("All", "AnalogAll")),),
    "exposure_us": (("ExposureTimeSelector", ("Common",)),),
}
_ENABLE: dict[str, _Turns] = {
    "exposure_us": (("ExposureMode", ("Timed",)),),
    "frame_rate": (
        ("AcquisitionFrameRateAuto", ("Off",)),
        ("AcquisitionFrameRateEnable", (True,)),
        ("AcquisitionFrameRateEnabled", (True,)),
    ),
}
_ROOM = {"width": ("OffsetX", "WidthMax"), "height": ("OffsetY", "HeightMax")}
_AUTOMATIC = {
    "exposure_us": "auto_exposure",
    "gain_db": "auto_gain",
    "gain_raw": "auto_gain",
    "focus": "auto_focus",
}
_AT_REST = TRIGGER_SETTINGS | {
    "pixel_format",
    "width",
    "height",
    "offset_x",
    "offset_y",
    "packet_size",
    "packet_delay",
    "burst",
}


class GenicamSettings:
    """The settings of one open device by the names of engine.sources.base.SETTINGS. Made while it is at rest.

    Gain is `gain_db` only where the device states decibels or no unit at all (what the convention recommends); any
    other unit, and the counts of old devices, are `gain_raw`. Raw times are offered where the device says what a count
    is worth.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._numbers = self._find_numbers()
        self._switches = {name: node for name, names in _SWITCHES.items() if (node := self._find_switch(names))}
        self._trigger = Trigger(nodes)
        self._fixed = frozenset(
            name for name in _AT_REST if name in self._numbers and not nodes.writable(self._numbers[name].node)
        )

    def prepare(self) -> None:
        """Set what every other setting counts on: pictures without end until told to stop."""
        choose(self._nodes, "AcquisitionMode", "Continuous")

    def caps(self) -> tuple[Capability, ...]:
        """Every setting the device has now, in the order of SETTINGS."""
        self._trigger.refresh()
        found = (self._capability(name) for name in SETTINGS)
        return tuple(capability for capability in found if capability is not None)

    def get(self, name: str) -> Value:
        """The value the device has now. Raises UnsupportedProperty."""
        if name == "trigger":
            self._trigger.refresh()
        capability = self._known(name)
        return capability.value

    def set(self, name: str, value: Value) -> None:
        """Set it, rounded to the device's step, and read it back. Raises UnsupportedProperty, naming the range."""
        capability = self._known(name)
        if self._is_automatic(name):
            auto = _AUTOMATIC[name]
            raise UnsupportedProperty(f"{name} cannot be changed while {auto} is on.", f"Switch {auto} off before.")
        wanted = checked(capability, value)
        if name in TRIGGER_SETTINGS:
            self._trigger.set(name, str(wanted))
        elif name in self._switches or name == "pixel_format":
            self._set_entry(name, wanted)
        else:
            self._set_number(capability, float(wanted))

    def needs_rest(self, name: str) -> bool:
        """True for what a device takes only while it sends nothing, whatever it says of itself while it streams."""
        return name in _AT_REST

    def triggered(self) -> bool:
        """True while each picture waits for a trigger, as last set or read."""
        return self._trigger.mode != "off"

    def fire(self) -> None:
        """Give one software trigger. Raises UnsupportedProperty unless `trigger` is `software`."""
        self._trigger.fire()

    # ── what the device has ──────────────────────────────────────────────────────────────────────────────────────
    def _find_numbers(self) -> dict[str, _Number]:
        found: dict[str, _Number] = {}
        for name, candidates in _NUMBERS.items():
            for node, worth in candidates:
                if not self._is_number(node) or (worth and not self._is_number(worth)):
                    continue
                scale = float(self._nodes.get(worth)) if worth else 1.0
                if scale > 0 and math.isfinite(scale):
                    found[name] = _Number(node, scale)
                    break
        gain = next((node for node in _GAINS if self._is_number(node)), None)
        if gain is not None:
            decibels = gain != "GainRaw" and self._nodes.unit(gain).strip().lower() in ("", "db", "decibel", "decibels")
            found["gain_db" if decibels else "gain_raw"] = _Number(gain)
        if "FrameBurstStart" not in entries(self._nodes, "TriggerSelector"):
            found.pop("burst", None)
        return found

    def _find_switch(self, candidates: tuple[str, ...]) -> str | None:
        for node in candidates:
            if self._nodes.has(node) and self._nodes.kind(node) == "bool":
                return node
            if {"Off", "Continuous"} <= set(entries(self._nodes, node)):
                return node
        return None

    def _is_number(self, node: str) -> bool:
        return self._nodes.has(node) and self._nodes.kind(node) in ("float", "int")

    # ── what it says of one setting ──────────────────────────────────────────────────────────────────────────────
    def _known(self, name: str) -> Capability:
        capability = self._capability(name)
        if capability is None:
            unknown(name)
        return capability

    def _capability(self, name: str) -> Capability | None:
        """None for a setting the device has not, or that cannot be read as things stand."""
        try:
            self._turn(_SELECT.get(name, ()))
            self._trigger.select()
            if name in TRIGGER_SETTINGS:
                return self._trigger.capability(name)
            if name == "pixel_format":
                return self._format()
            if name in self._switches:
                return self._switch(name)
            return self._number(name) if name in self._numbers else None
        except UnsupportedProperty as error:
            log.debug("%s cannot be read now: %s", name, error)
            return None

    def _format(self) -> Capability | None:
        if not self._nodes.has("PixelFormat"):
            return None
        offered = tuple(entry for entry in entries(self._nodes, "PixelFormat") if entry in FORMATS)
        return Capability("pixel_format", "choice", str(self._nodes.get("PixelFormat")), choices=offered)

    def _switch(self, name: str) -> Capability:
        node = self._switches[name]
        return Capability(name, "switch", self._is_on(node), writable=self._nodes.writable(node))

    def _is_on(self, node: str) -> bool:
        return self._nodes.get(node) not in (False, "Off")

    def _number(self, name: str) -> Capability:
        number = self._numbers[name]
        if name == "debounce_us":
            self._trigger.select_line()
        value = float(self._nodes.get(number.node)) * number.scale
        low, high, step = (_scaled(bound, number.scale) for bound in self._nodes.span(number.node))
        if name in _ROOM and high is not None and self._is_number(_ROOM[name][1]):
            high = max(high, float(self._nodes.get(_ROOM[name][1])))
        whole = self._nodes.kind(number.node) == "int" and number.scale == 1.0
        # A node that is locked only because the device streams, or because a switch of ours stands wrong, can be set.
        free = name not in self._fixed if name in _AT_REST else self._nodes.writable(number.node) or self._is_off(name)
        return Capability(
            name,
            "whole" if whole else "number",
            round(value) if whole else value,
            low=low,
            high=high,
            step=step if step is not None and step > 0 else None,
            writable=free and not self._is_automatic(name),
        )

    def _is_automatic(self, name: str) -> bool:
        auto = _AUTOMATIC.get(name, "")
        return auto in self._switches and self._is_on(self._switches[auto])

    def _is_off(self, name: str) -> bool:
        """True where a switch that `set` turns keeps this one from counting."""
        nodes = self._nodes
        return any(nodes.has(node) and nodes.get(node) not in values for node, values in _ENABLE.get(name, ()))

    # ── setting it ───────────────────────────────────────────────────────────────────────────────────────────────
    def _turn(self, wanted: _Turns) -> None:
        for node, values in wanted:
            next((value for value in values if choose(self._nodes, node, value)), None)

    def _set_entry(self, name: str, wanted: Value) -> None:
        node = self._switches.get(name, "PixelFormat")
        if isinstance(wanted, bool) and self._nodes.kind(node) == "enum":
            wanted = "Continuous" if wanted else "Off"
        self._nodes.set(node, wanted)
        if (kept := self._nodes.get(node)) != wanted:
            raise UnsupportedProperty(f"The camera keeps {name} at {kept}, not {wanted}.", "Choose what it takes.")

    def _set_number(self, capability: Capability, wanted: float) -> None:
        name, number = capability.name, self._numbers[capability.name]
        self._turn(_ENABLE.get(name, ()))
        if name in _ROOM:
            self._make_room(name, wanted)
            capability = self._number(name)
        elif name in _ENABLE:
            capability = self._known(name)
            checked(capability, wanted)
        value = _on_step(capability, wanted)
        whole = self._nodes.kind(number.node) == "int"
        self._nodes.set(number.node, round(value / number.scale) if whole else value / number.scale)
        kept = float(self._nodes.get(number.node)) * number.scale
        if abs(kept - wanted) > max(capability.step or 0.0, number.scale if whole else abs(wanted) * 0.01, 1e-6):
            log.warning("the camera took %s = %g instead of %g", name, kept, wanted)
        if name == "burst":
            self._trigger.rearm()

    def _make_room(self, name: str, wanted: float) -> None:
        """Move the window back as far as a larger one needs: what it may span depends on where it begins."""
        node, (offset, largest) = self._numbers[name].node, _ROOM[name]
        if not self._is_number(offset) or not self._nodes.writable(offset):
            return
        highs = [high] if (high := self._nodes.span(node)[1]) is not None else []
        if self._is_number(largest):
            highs.append(float(self._nodes.get(largest)) - float(self._nodes.get(offset)))
        if not highs or wanted <= min(highs):
            return
        low, _, step = self._nodes.span(offset)
        start, grid = int(low or 0), max(1, int(step or 1))
        left = int(self._nodes.get(offset)) - math.ceil(wanted - min(highs))
        self._nodes.set(offset, max(start, start + (left - start) // grid * grid))


def _scaled(bound: float | None, scale: float) -> float | None:
    return bound * scale if bound is not None and math.isfinite(bound) else None


def _on_step(capability: Capability, wanted: float) -> float:
    """The value nearest to `wanted` that is a whole number of steps above the lowest and within the range."""
    step = capability.step
    if step is None:
        return wanted
    low = capability.low or 0.0
    value = low + round((wanted - low) / step) * step
    if capability.high is not None and value > capability.high:
        value -= step
    return value
