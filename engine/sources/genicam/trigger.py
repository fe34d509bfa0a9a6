"""The trigger of a GenICam camera: which selector, source, line and edge, and one software trigger."""

from __future__ import annotations

import logging
import time

from engine.errors import UnsupportedProperty
from engine.sources.base import Capability, checked, unknown
from engine.sources.genicam.nodes import Nodes, choose, entries

log = logging.getLogger(__name__)

READY_S = 0.2
TRIGGER_SETTINGS = frozenset(("trigger", "trigger_line", "trigger_edge"))

_SOFTWARE = "Software"
_EDGES = {"rising": "RisingEdge", "falling": "FallingEdge"}
# A burst of so many frames a trigger starts by a selector of its own; FrameStart is one frame a trigger.
_BURST, _FRAME = "FrameBurstStart", "FrameStart"


class Trigger:
    """TriggerMode, TriggerSource and TriggerActivation under the TriggerSelector that starts a frame (or a burst).

    The line and the edge are remembered, because a device may take them only together with a hardware trigger.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._line = self._edge = ""
        self.mode = "off"
        """`off`, `software` or `hardware`, as last set or read."""
        self.refresh()

    def refresh(self) -> None:
        """Read from the device how it is triggered. Raises SourceLost."""
        self.mode = "off"
        for selector in self._selectors():
            if selector and not choose(self._nodes, "TriggerSelector", selector):
                continue
            if self._reads("TriggerMode") == "On":
                source = self._reads("TriggerSource")
                self.mode = "software" if source == _SOFTWARE else "hardware"
                self._line = source if source in self._lines() else self._line
                break
        self.select()

    def select(self) -> None:
        """Have the other trigger nodes speak of the trigger this station uses."""
        choose(self._nodes, "TriggerSelector", self._selector())

    def select_line(self) -> bool:
        """Have the line nodes speak of the trigger's line; False where the device cannot."""
        return choose(self._nodes, "LineSelector", self._chosen_line())

    def capability(self, name: str) -> Capability | None:
        """What `trigger`, `trigger_line` or `trigger_edge` is and may be; None where the device has it not."""
        if name == "trigger":
            modes = self._modes()
            return Capability(name, "choice", self.mode, choices=modes) if len(modes) > 1 else None
        if name == "trigger_line":
            lines = self._lines()
            return Capability(name, "choice", self._chosen_line(), choices=lines) if lines else None
        edges = tuple(edge for edge, entry in _EDGES.items() if entry in entries(self._nodes, "TriggerActivation"))
        if not edges or not self._lines():
            return None
        now = {entry: edge for edge, entry in _EDGES.items()}.get(self._reads("TriggerActivation"), edges[0])
        return Capability(name, "choice", self._edge or now, choices=edges)

    def set(self, name: str, value: str) -> None:
        """Change one of the three, checked before. Raises UnsupportedProperty where the device does not follow."""
        capability = self.capability(name)
        if capability is None:
            unknown(name)
        value = str(checked(capability, value))
        if name == "trigger":
            self._arm(value)
            return
        if name == "trigger_line":
            self._line = value
        else:
            self._edge = value
            choose(self._nodes, "TriggerActivation", _EDGES[value])
        if self.mode == "hardware":
            self._arm("hardware")

    def rearm(self) -> None:
        """Set the trigger again as it is, after what it depends on has changed."""
        if self.mode != "off":
            self._arm(self.mode)

    def fire(self) -> None:
        """One software trigger, as soon as the camera says that it waits for one (within READY_S, then anyway).

        Raises UnsupportedProperty unless `trigger` is `software`.
        """
        if self.mode != "software":
            raise UnsupportedProperty("This camera does not wait for a software trigger.", "Set trigger to software.")
        if not self._ready():
            log.warning("the camera is not ready for a trigger: triggers come faster than pictures")
        self._nodes.execute("TriggerSoftware")

    def _ready(self) -> bool:
        """A trigger given too early is lost without a word; True where the device does not tell."""
        waits = "FrameBurstTriggerWait" if self._selector() == _BURST else "FrameTriggerWait"
        if not self._nodes.has("AcquisitionStatus") or not choose(self._nodes, "AcquisitionStatusSelector", waits):
            return True
        end = time.monotonic() + READY_S
        while not self._nodes.get("AcquisitionStatus"):
            if time.monotonic() > end:
                return False
            time.sleep(0.001)
        return True

    # ── the device's side ────────────────────────────────────────────────────────────────────────────────────────
    def _arm(self, mode: str) -> None:
        """Every trigger off, then the one that is wanted: sources are locked on many cameras while a trigger is on."""
        for selector in self._selectors():
            if not selector or choose(self._nodes, "TriggerSelector", selector):
                choose(self._nodes, "TriggerMode", "Off")
        self.select()
        self.mode = "off"
        if mode == "off":
            done = self._reads("TriggerMode") != "On"
        else:
            source = _SOFTWARE if mode == "software" else self._chosen_line()
            done = not source or choose(self._nodes, "TriggerSource", source)
            if mode == "hardware":
                self._prepare_line()
            done = done and choose(self._nodes, "TriggerMode", "On") and self._reads("TriggerMode") == "On"
        if not done:
            raise UnsupportedProperty(f"The camera does not take {mode} as its trigger.", "Choose another trigger.")
        self.mode = mode

    def _prepare_line(self) -> None:
        if self.select_line():
            choose(self._nodes, "LineMode", "Input")
        if self._edge:
            choose(self._nodes, "TriggerActivation", _EDGES[self._edge])

    def _selectors(self) -> tuple[str, ...]:
        """Every trigger that can hold back a frame; those of a line-scan camera's lines are its encoder's affair."""
        if not self._nodes.has("TriggerMode"):
            return ()
        found = [entry for entry in entries(self._nodes, "TriggerSelector") if not entry.startswith("Line")]
        return tuple(sorted(found, key=lambda entry: entry != _FRAME)) or ("",)

    def _selector(self) -> str:
        selectors = self._selectors()
        if _BURST in selectors and self._burst() > 1:
            return _BURST
        return selectors[0] if selectors else ""

    def _burst(self) -> int:
        nodes = self._nodes
        return int(nodes.get("AcquisitionBurstFrameCount")) if nodes.has("AcquisitionBurstFrameCount") else 1

    def _modes(self) -> tuple[str, ...]:
        nodes = self._nodes
        if not nodes.has("TriggerMode"):
            return ("off",)
        software = _SOFTWARE in entries(nodes, "TriggerSource") and nodes.has("TriggerSoftware")
        # A camera without TriggerSource has one input and nothing to choose.
        hardware = bool(self._lines()) or not nodes.has("TriggerSource")
        return ("off", *(("software",) if software else ()), *(("hardware",) if hardware else ()))

    def _lines(self) -> tuple[str, ...]:
        """What may trigger from outside, the inputs first."""
        found = [entry for entry in entries(self._nodes, "TriggerSource") if entry not in (_SOFTWARE, "Off")]
        return tuple(sorted(found, key=lambda entry: not entry.startswith("Line")))

    def _chosen_line(self) -> str:
        lines = self._lines()
        return self._line if self._line in lines else next(iter(lines), "")

    def _reads(self, node: str) -> str:
        try:
            return str(self._nodes.get(node)) if self._nodes.has(node) else ""
        except UnsupportedProperty:
            return ""
