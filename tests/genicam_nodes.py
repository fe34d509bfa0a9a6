"""Node maps in memory, as makers write them: SFNC 2 names, and those of the first GigE cameras with raw counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.domain.inspection import Value
from engine.errors import UnsupportedProperty
from engine.sources.genicam.nodes import NodeKind

Map = dict[str, "Node"]


def always(_: Map) -> bool:
    return True


def never(_: Map) -> bool:
    return False


@dataclass
class Node:
    """One node as a device holds it. `free` and `high_of` look at the other nodes, as pIsLocked and pMax do."""

    value: Value = 0
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    command: bool = False
    free: Callable[[Map], bool] = always
    high_of: Callable[[Map], float] | None = None
    takes: Callable[[float], float] = lambda value: value
    ran: int = 0
    readable: bool = True


@dataclass
class Device:
    """engine.sources.genicam.nodes.Nodes in memory: refuses what a real node map refuses."""

    nodes: Map
    selected: dict[str, dict[str, Map]] = field(default_factory=dict)
    """selector → entry → the nodes that stand behind that entry."""
    written: list[tuple[str, Value]] = field(default_factory=list)

    def _node(self, name: str) -> Node:
        for selector, behind in self.selected.items():
            own = behind.get(str(self.nodes[selector].value), {})
            if name in own:
                return own[name]
        if name not in self.nodes:
            raise UnsupportedProperty(f"no {name}")
        return self.nodes[name]

    def has(self, name: str) -> bool:
        return name in self.nodes or any(name in own for behind in self.selected.values() for own in behind.values())

    def kind(self, name: str) -> NodeKind:
        node = self._node(name)
        if node.command:
            return "command"
        if node.choices:
            return "enum"
        kinds: dict[type, NodeKind] = {bool: "bool", int: "int", float: "float", str: "string"}
        return kinds[type(node.value)]

    def get(self, name: str) -> Value:
        node = self._node(name)
        if not node.readable:
            raise UnsupportedProperty(f"{name} is not readable now")
        return node.value

    def set(self, name: str, value: Value) -> None:
        node = self._node(name)
        if not self.writable(name):
            raise UnsupportedProperty(f"{name} is locked")
        if node.choices and value not in node.choices:
            raise UnsupportedProperty(f"{name} has no {value}")
        if self.kind(name) in ("int", "float"):
            number = float(value)
            low, high, step = self.span(name)
            if (low is not None and number < low) or (high is not None and number > high):
                raise UnsupportedProperty(f"{name} = {value} is out of {low}…{high}")
            if self.kind(name) == "int":
                assert isinstance(value, int)
                assert not step or (value - (low or 0)) % step == 0, f"{name} = {value} is off its step"
            value = type(node.value)(node.takes(number))
        node.value = value
        self.written.append((name, value))

    def span(self, name: str) -> tuple[float | None, float | None, float | None]:
        node = self._node(name)
        return node.low, node.high_of(self.nodes) if node.high_of else node.high, node.step

    def choices(self, name: str) -> tuple[str, ...]:
        return self._node(name).choices

    def unit(self, name: str) -> str:
        return self._node(name).unit

    def execute(self, name: str) -> None:
        node = self._node(name)
        assert node.command
        node.ran += 1

    def writable(self, name: str) -> bool:
        return self._node(name).free(self.nodes)


def switch(*entries: str, free: Callable[[Map], bool] = always) -> Node:
    return Node(entries[0], choices=entries, free=free)


def window() -> Map:
    """A 1920×1200 sensor on a grid of 16 × 2, as nearly all have it: what is left right of the offset."""
    return {
        "WidthMax": Node(1920, free=never),
        "HeightMax": Node(1200, free=never),
        "Width": Node(1920, low=16, step=16, high_of=lambda nodes: 1920 - int(nodes["OffsetX"].value)),
        "Height": Node(1200, low=2, step=2, high_of=lambda nodes: 1200 - int(nodes["OffsetY"].value)),
        "OffsetX": Node(0, low=0, step=16, high_of=lambda nodes: 1920 - int(nodes["Width"].value)),
        "OffsetY": Node(0, low=0, step=2, high_of=lambda nodes: 1200 - int(nodes["Height"].value)),
    }


def _sfnc2(auto: Node, frame: Node, burst: Node) -> Map:
    """The nodes that no selector stands before; some are locked by those given."""
    return window() | {
        "AcquisitionMode": switch("SingleFrame", "Continuous"),
        "PixelFormat": switch("Mono8", "Mono12p", "BayerRG12Packed", "Coord3D_ABC32f"),
        "ExposureAuto": auto,
        "ExposureMode": switch("TriggerWidth", "Timed"),
        "ExposureTime": Node(
            10000.0, 20.0, 1e6, unit="us", takes=lambda us: round(us / 7) * 7, free=lambda _: auto.value == "Off"
        ),
        "GainSelector": switch("DigitalAll", "AnalogAll"),
        "Gain": Node(0.0, 0.0, 24.0, unit="dB"),
        "GainAuto": switch("Off", "Once"),
        "AcquisitionFrameRateEnable": Node(False),
        "AcquisitionFrameRate": Node(
            30.0, 0.5, 120.0, unit="Hz", free=lambda nodes: bool(nodes["AcquisitionFrameRateEnable"].value)
        ),
        "DeviceStreamChannelPacketSize": Node(1500, 576, 9000, 4),
        "TriggerSelector": switch("AcquisitionStart", "FrameStart", "FrameBurstStart", "LineStart"),
        "TriggerSource": Node(
            "Software",
            choices=("Software", "Encoder0", "Line0", "Line2"),
            free=lambda _: frame.value == "Off" == burst.value,
        ),
        "TriggerActivation": Node(
            "RisingEdge",
            choices=("RisingEdge", "FallingEdge", "AnyEdge"),
            free=lambda nodes: str(nodes["TriggerSource"].value).startswith("Line"),
        ),
        "TriggerDelay": Node(0.0, 0.0, 1e6, unit="us"),
        "TriggerSoftware": Node(command=True),
        "AcquisitionBurstFrameCount": Node(1, 1, 255, 1),
        "LineSelector": switch("Line0", "Line1", "Line2"),
    }


def modern() -> Device:
    """SFNC 2: floats with units, selectors, a trigger each for frame and burst, sources locked while one is on."""
    auto = switch("Off", "Once", "Continuous")
    frame, burst = switch("Off", "On"), switch("Off", "On")
    selected = {
        "TriggerSelector": {
            "AcquisitionStart": {"TriggerMode": switch("On", "Off")},
            "FrameStart": {"TriggerMode": frame},
            "FrameBurstStart": {"TriggerMode": burst},
            "LineStart": {"TriggerMode": switch("On", "Off")},
        },
        "LineSelector": {
            "Line0": {"LineDebouncerTime": Node(1.0, 0.0, 1000.0), "LineMode": switch("Input")},
            "Line1": {"LineMode": switch("Output")},
            "Line2": {"LineDebouncerTime": Node(1.0, 0.0, 1000.0), "LineMode": switch("Output", "Input")},
        },
        "GainSelector": {"DigitalAll": {"Gain": Node(1.0, 0.0, 4.0)}},
    }
    return Device(_sfnc2(auto, frame, burst), selected)


def first_generation() -> Device:
    """A GigE camera of 2008: raw counts beside what one is worth, one trigger without a software source's command."""
    return Device(
        {
            "Width": Node(640, 8, 640, 8),
            "Height": Node(480, 8, 480, 8),
            "PixelFormat": switch("Mono8", "YUV422Packed"),
            "ExposureTimeRaw": Node(500, 1, 4095, 1),
            "ExposureTimeBaseAbs": Node(20.0, 20.0, 20.0),
            "GainRaw": Node(100, 0, 1023, 1),
            "AcquisitionFrameRateAbs": Node(25.0, 1.0, 60.0),
            "GevSCPSPacketSize": Node(1400, 220, 9000, 4),
            "GevSCPD": Node(0, 0, 10000, 1),
            "TriggerMode": switch("Off", "On"),
            "TriggerSource": switch("Line1", "Line2"),
            "TriggerDelayAbs": Node(0.0, 0.0, 1e6),
            "LineDebouncerTimeRaw": Node(10, 0, 100, 1),
        }
    )
