"""A form made from what a source says it can be set to; every change is told, applied elsewhere, and read back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from engine.domain.inspection import Value
from engine.sources.base import SETTINGS, Capability
from gui.forms.fields import QuietWheel, as_choice, as_number
from gui.forms.rows import Problem, WordGrid
from gui.i18n.language import number, translate

WHOLE_MAX = 2**31 - 1
NUMBER_MAX = 1e12
MAX_CHOICES = 500
PICTURE: dict[str, tuple[str, ...]] = {
    "picture": ("pixel_format", "width", "height", "offset_x", "offset_y", "frame_rate"),
    "exposure": ("auto_exposure", "exposure_us", "auto_gain", "gain_db", "gain_raw", "auto_focus", "focus"),
    "network": ("packet_size", "packet_delay"),
}
TRIGGER: dict[str, tuple[str, ...]] = {
    "": ("trigger", "trigger_line", "trigger_edge", "trigger_delay_us", "debounce_us", "burst")
}


Editor = QSpinBox | QDoubleSpinBox | QComboBox | QCheckBox


class SettingsForm(QWidget):
    """Groups of settings; those the source lacks are absent. A refused value is told under its row and put back."""

    changed = Signal(str, object)
    """Name and the value somebody chose."""

    def __init__(self, groups: Mapping[str, tuple[str, ...]], empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups = groups
        self._caps: dict[str, Capability] = {}
        self.editors: dict[str, Editor] = {}
        self._problems: dict[str, Problem] = {}
        self.empty = QLabel(empty, wordWrap=True)
        self.empty.setProperty("role", "muted")
        self._inside = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.empty)
        self._column.addWidget(self._inside)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────
    def set_caps(self, caps: Sequence[Capability]) -> None:
        """The settings as they stand now; the form is only made anew when they are others than before."""
        mine = {name for names in self._groups.values() for name in names}
        new = {c.name: c for c in caps if c.name in mine and _usable(c)}
        alike = {n: (c.kind, c.choices) for n, c in new.items()} == {
            n: (c.kind, c.choices) for n, c in self._caps.items()
        }
        self._caps = new
        if not alike:
            self._build()
        for name, capability in new.items():
            self._problems[name].say("")
            self._show(capability)
        self.empty.setVisible(not new)

    def refuse(self, name: str, words: str) -> None:
        """A value was not taken: say why and show what is in force."""
        if name in self._problems:
            self._problems[name].say(words.replace(name, worded(name)[0]))
            self._show(self._caps[name])

    def error_of(self, name: str) -> str:
        """The sentence under a row; empty while there is none."""
        problem = self._problems.get(name)
        return problem.text() if problem is not None else ""

    @property
    def values(self) -> dict[str, Value]:
        """Every writable setting as it stands."""
        return {name: c.value for name, c in self._caps.items() if c.writable}

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _build(self) -> None:
        self._column.removeWidget(self._inside)
        self._inside.deleteLater()
        self._inside = QWidget()
        self.editors, self._problems = {}, {}
        grid = WordGrid(self._inside)
        for title, names in self._groups.items():
            present = [name for name in names if name in self._caps]
            if present and title:
                grid.head(group_word(title))
            for name in present:
                word, unit = worded(name)
                editor = self.editors[name] = self._editor(self._caps[name], unit)
                self._problems[name] = grid.field(word, editor)
        self._column.addWidget(self._inside)

    def _editor(self, capability: Capability, unit: str) -> Editor:
        name = capability.name
        if capability.kind == "switch":
            switch = QCheckBox(worded(name)[0])
            switch.clicked.connect(lambda on: self.changed.emit(name, bool(on)))
            return switch
        if capability.kind == "choice":
            choice = QComboBox()
            as_choice(choice)
            for value in capability.choices[:MAX_CHOICES]:
                choice.addItem(choice_word(value), value)
            choice.activated.connect(lambda _index: self.changed.emit(name, str(choice.currentData())))
            return choice
        spin: QSpinBox | QDoubleSpinBox = QSpinBox() if capability.kind == "whole" else QDoubleSpinBox()
        as_number(spin, unit)
        spin.setGroupSeparatorShown(True)
        QuietWheel(spin)
        spin.valueChanged.connect(lambda value: self._number_chosen(name, value))
        return spin

    def _number_chosen(self, name: str, value: float) -> None:
        """On the device's own steps, counted from its lowest value."""
        capability = self._caps[name]
        if capability.kind == "whole":
            low, step = round(capability.low or 0), max(1, round(capability.step or 1))
            value = low + round((value - low) / step) * step
            high = capability.high if capability.high is not None else WHOLE_MAX
            value = int(value if value <= high else value - step)
        self.changed.emit(name, value)

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _show(self, capability: Capability) -> None:
        editor = self.editors[capability.name]
        if isinstance(editor, QSpinBox | QDoubleSpinBox) and editor.hasFocus() and editor.lineEdit().isModified():
            return
        with QSignalBlocker(editor):
            editor.setEnabled(capability.writable)
            if isinstance(editor, QCheckBox):
                editor.setChecked(bool(capability.value))
            elif isinstance(editor, QComboBox):
                editor.setCurrentIndex(max(0, editor.findData(str(capability.value))))
            else:
                _show_number(editor, capability)


def group_word(title: str) -> str:
    """The head of a group of settings."""
    words = {
        "picture": translate("Camera", "Picture"),
        "exposure": translate("Camera", "Exposure"),
        "network": translate("Camera", "Network"),
    }
    return words.get(title, title)


def choice_word(value: str) -> str:
    """One of a setting's choices; the device's own names (Mono8, Line1) stay as they are."""
    words = {
        "off": translate("Camera", "Off: free running"),
        "software": translate("Camera", "Software"),
        "hardware": translate("Camera", "Hardware"),
        "rising": translate("Camera", "Rising"),
        "falling": translate("Camera", "Falling"),
    }
    return words.get(value, value)


def setting_words() -> dict[str, str]:
    """The settings that are known by name, with their units in brackets."""
    return {
        "pixel_format": translate("Camera", "Pixel format"),
        "width": translate("Camera", "Width (px)"),
        "height": translate("Camera", "Height (px)"),
        "offset_x": translate("Camera", "Left edge (px)"),
        "offset_y": translate("Camera", "Top edge (px)"),
        "frame_rate": translate("Camera", "Frames a second"),
        "auto_exposure": translate("Camera", "Automatic exposure"),
        "exposure_us": translate("Camera", "Exposure (µs)"),
        "auto_gain": translate("Camera", "Automatic gain"),
        "gain_db": translate("Camera", "Gain (dB)"),
        "gain_raw": translate("Camera", "Gain (device units)"),
        "auto_focus": translate("Camera", "Automatic focus"),
        "focus": translate("Camera", "Focus"),
        "packet_size": translate("Camera", "Packet size (bytes)"),
        "packet_delay": translate("Camera", "Packet delay (ticks)"),
        "trigger_line": translate("Camera", "Trigger line"),
        "trigger_edge": translate("Camera", "Trigger edge"),
        "trigger_delay_us": translate("Camera", "Trigger delay (µs)"),
        "debounce_us": translate("Camera", "Debounce (µs)"),
        "burst": translate("Camera", "Frames a trigger"),
        "trigger": translate("Camera", "Trigger"),
    }


def worded(name: str) -> tuple[str, str]:
    """A setting's words and its unit: `Exposure`, `µs`."""
    word = setting_words().get(name) or SETTINGS.get(name, name)
    found = re.fullmatch(r"(.*) \((.+)\)", word)
    return (found[1], found[2]) if found else (word, "")


def _usable(capability: Capability) -> bool:
    """What a camera says of itself is checked like anything from outside."""
    if capability.name not in SETTINGS:
        return False
    if capability.kind == "choice":
        return bool(capability.choices)
    if capability.kind == "switch":
        return True
    numbers = (capability.value, capability.low or 0, capability.high or 0, capability.step or 0)
    return all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)


def _show_number(editor: QSpinBox | QDoubleSpinBox, capability: Capability) -> None:
    most = WHOLE_MAX if isinstance(editor, QSpinBox) else NUMBER_MAX
    low = max(-most, capability.low if capability.low is not None else -most)
    high = min(most, capability.high if capability.high is not None else most)
    value, step = float(capability.value), capability.step or 0.0
    if isinstance(editor, QSpinBox):
        editor.setRange(math.ceil(low), math.floor(high))
        editor.setSingleStep(max(1, round(step)))
        editor.setValue(round(value))
    else:
        editor.setDecimals(_decimals(capability.name, step))
        editor.setRange(low, high)
        if step:
            editor.setSingleStep(step)
        else:
            editor.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        editor.setValue(value)
    bounded = capability.low is not None and capability.high is not None
    decimals = editor.decimals() if isinstance(editor, QDoubleSpinBox) else 0
    words = translate("Camera", "{low} to {high}").format(low=number(low, decimals), high=number(high, decimals))
    editor.setToolTip(f"{words}{editor.suffix()}" if bounded else "")


def _decimals(name: str, step: float) -> int:
    """As the device's steps are; without steps, whole microseconds and hundredths of all else."""
    if not step:
        return 0 if name.endswith("_us") else 2
    return min(6, max(0, math.ceil(-math.log10(step))))
