"""One model version in full: figures, confusion, classes, input, limits, lineage, gates, use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from db.datasets.gates import GateDecision
from db.models.registry import Activation, State
from engine.packages.manifest import Manifest
from gui.i18n.language import day_time, number, percent, size, translate
from gui.pages.models.presenter import Report
from gui.pages.models.table import data_words
from gui.theme.large_type import large_type
from gui.theme.theme import SPACING, Theme, font, scaled
from gui.widgets.charts.confusion import CountGrid, square_table

NONE = "–"
NAMES_WIDTH = 128
LONG_WORD = 28
"""Letters at the size as designed; a path or a URI has more."""


class ModelDetails(QScrollArea):
    """Read only. `show_report` replaces everything."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(translate("Models", "The chosen model"))

    def show_report(self, report: Report) -> None:
        """Everything about one version."""
        model, manifest = report.model, report.manifest
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * SPACING, 0, SPACING, SPACING)
        column.setSpacing(SPACING)
        title = QLabel(f"{model.name}  {model.version}", wordWrap=True)
        title.setProperty("role", "large")
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(title)
        column.addWidget(_muted(f"{manifest.kind}, {_states()[model.state]}"))
        _section(column, translate("Models", "Figures on the held-out part"), _facts(figures(manifest.metrics)))
        matrix = _matrix(manifest.metrics)
        if matrix is not None:
            grid = CountGrid(self._theme)
            grid.set_table(square_table(*matrix))
            _section(column, translate("Models", "Which class was taken for which"), _sideways(grid))
        if report.gates:
            said = "\n".join(gate_words(gate) for gate in report.gates)
            _section(column, translate("Models", "Change gate"), _muted(said))
        _section(column, translate("Models", "Where it comes from"), _facts(_lineage(report)))
        _section(column, translate("Models", "Classes"), _facts(_classes(manifest)))
        _section(column, translate("Models", "How it judges"), _facts(_judging(manifest)))
        used = [f"{day_time(a.at)}  {a.by}: {_what(a)}" for a in report.past if a.version == model.version]
        if used:
            _section(column, translate("Models", "Use on this station"), _muted("\n".join(reversed(used))))
        column.addStretch(1)
        self.setWidget(inside)


def gate_words(gate: GateDecision) -> str:
    """How one gate ended, with its figures, in a line."""
    decisions = {
        "activated": translate("Models", "activated"),
        "rejected": translate("Models", "rejected"),
    }
    said = f"{day_time(gate.at)}  {gate.by}: {decisions.get(gate.decision, gate.decision)}, {gate.why}"
    sets = gate.figures.get("sets")
    if not isinstance(sets, list) or not all(isinstance(s, Mapping) for s in sets):
        return f"{said}\n{translate('Models', 'The gate was skipped.')}"
    totals = {key: sum(int(s.get(key, 0)) for s in sets) for key in ("count", "gained", "lost", "let_through")}
    found = translate(
        "Models", "{count} parts: {gained} gained, {lost} lost, {through} let through, against {against}."
    )
    words = found.format(
        count=number(totals["count"]),
        gained=number(totals["gained"]),
        lost=number(totals["lost"]),
        through=number(totals["let_through"]),
        against=gate.against,
    )
    return f"{said}\n{words}"


def _states() -> dict[State, str]:
    return {
        "active": translate("Models", "active"),
        "candidate": translate("Models", "candidate, never used so far"),
        "retired": translate("Models", "retired, used before"),
        "rejected": translate("Models", "rejected at the gate"),
    }


def figures(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures a person compares, as name and value; a figure that is missing is a dash."""
    auroc = metrics.get("auroc")
    count = metrics.get("count")
    return [
        (translate("Models", "Accuracy"), share(metrics.get("accuracy"))),
        (translate("Models", "Macro F1"), share(metrics.get("macro_f1"))),
        (translate("Models", "Average precision"), share(metrics.get("ap"))),
        (translate("Models", "AUROC"), share(auroc.get("binary") if isinstance(auroc, Mapping) else auroc)),
        (translate("Models", "Escapes"), _counted(metrics.get("escapes"))),
        (translate("Models", "Overkill"), _counted(metrics.get("overkill"))),
        (translate("Models", "Pictures"), number(count) if isinstance(count, int) else NONE),
    ]


def share(value: Any) -> str:
    """0.9731 → `97.3 %`."""
    return percent(value) if isinstance(value, int | float) else NONE


def _counted(value: Any) -> str:
    if not isinstance(value, Mapping) or not isinstance(value.get("count"), int):
        return NONE
    count, of = number(value["count"]), value.get("of", value.get("total"))
    return translate("Models", "{count} of {of}").format(count=count, of=number(of)) if isinstance(of, int) else count


def _matrix(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[int]]] | None:
    found = metrics.get("confusion")
    if not isinstance(found, Mapping) or not found.get("classes") or not found.get("matrix"):
        return None
    return list(map(str, found["classes"])), [list(map(int, row)) for row in found["matrix"]]


def _classes(manifest: Manifest) -> list[tuple[str, str]]:
    per_class = manifest.metrics.get("per_class")
    rows = []
    for spec in manifest.classes:
        found = per_class.get(spec.name) if isinstance(per_class, Mapping) else None
        said = translate("Models", "sound") if spec.role == "ok" else translate("Models", "defect")
        if isinstance(found, Mapping):
            counted = translate("Models", "{role}; precision {precision}, recall {recall}, {count} pictures")
            said = counted.format(
                role=said,
                precision=share(found.get("precision")),
                recall=share(found.get("recall")),
                count=number(found.get("support", 0)),
            )
        rows.append((spec.name, said))
    return rows


def _judging(manifest: Manifest) -> list[tuple[str, str]]:
    limits, given = manifest.thresholds, manifest.input
    none = translate("Models", "none")
    whole = limits.review_from == limits.review_to
    band = none if whole else f"{number(limits.review_from, 2)} – {number(limits.review_to, 2)}"
    maps = {
        "cam": translate("Models", "class activation map"),
        "mask": translate("Models", "defect map"),
        "none": none,
    }
    colour = translate("Models", "grey") if given.channels == 1 else translate("Models", "colour")
    taken = translate("Models", "{height} × {width} (height × width), {colour}")
    foreign = manifest.architecture == "foreign"
    return [
        (translate("Models", "NG from"), number(limits.ng_at, 2)),
        (translate("Models", "Review band"), band),
        (translate("Models", "Input"), taken.format(height=given.height, width=given.width, colour=colour)),
        (translate("Models", "Overlay"), maps[manifest.map.kind]),
        (
            translate("Models", "Architecture"),
            translate("Models", "made elsewhere") if foreign else manifest.architecture,
        ),
        (translate("Models", "Computed in"), _precision(manifest)),
        (translate("Models", "Checks each picture"), _guard(manifest)),
        (translate("Models", "Probabilities"), _calibration(manifest)),
    ]


def _precision(manifest: Manifest) -> str:
    int8 = manifest.int8
    if int8 is None:
        plain = translate("Models", "bf16 where the processor has it, else fp32")
        return "fp32" if manifest.architecture == "foreign" else plain
    if not int8.used:
        return translate("Models", "bf16 or fp32; INT8 was refused: {why}").format(why=int8.reason)
    said = translate("Models", "INT8: the same verdict as fp32 on {share} of {count} pictures")
    return said.format(share=share(int8.agreement), count=number(int8.pictures))


def _guard(manifest: Manifest) -> str:
    guard = manifest.guard
    if guard is None:
        return translate("Models", "no: nothing is known of its training pictures")
    low, high = (number(v) for v in guard.brightness)
    said = translate("Models", "brightness {low} to {high}, contrast, sharpness, over-exposure")
    novel = translate("Models", ", unlike the training parts") if guard.novelty_max is not None else ""
    return said.format(low=low, high=high) + novel


def _calibration(manifest: Manifest) -> str:
    error = manifest.calibration.get("ece")
    if not isinstance(error, int | float):
        return translate("Models", "not measured")
    said = translate("Models", "off by {share} on average (expected calibration error)")
    return said.format(share=share(error))


def _lineage(report: Report) -> list[tuple[str, str]]:
    lineage, model, disk = report.manifest.lineage, report.model, report.disk
    chain = "\n".join(report.chain) or translate("Models", "nothing: trained from the start")
    speed = NONE if disk.milliseconds is None else f"{number(disk.milliseconds, 1)} ms"
    preset = translate("Models", "{preset}, seed {seed}").format(preset=lineage.preset or NONE, seed=lineage.seed)
    rows = [
        (translate("Models", "Data"), data_words(disk)),
        (translate("Models", "Fine-tuned from"), chain),
        (translate("Models", "Product"), lineage.product or NONE),
        (translate("Models", "Preset"), preset),
        (translate("Models", "Trained"), _trained(lineage.trained_at)),
        (translate("Models", "Registered"), day_time(model.registered_at)),
        (translate("Models", "Size"), size(disk.bytes_) if disk.bytes_ else NONE),
        (translate("Models", "A picture takes"), speed),
        (translate("Models", "Kept in"), str(model.folder)),
    ]
    versions = ", ".join(f"{name} {release}" for name, release in sorted(lineage.versions.items()))
    return [*rows, (translate("Models", "Made with"), versions)] if versions else rows


def _trained(at: str) -> str:
    try:
        return day_time(datetime.fromisoformat(at))
    except ValueError:
        return at[:16].replace("T", " ") or NONE


def _what(activation: Activation) -> str:
    said = translate("Models", "rolled back to it") if activation.rollback else translate("Models", "activated")
    return f"{said}, {activation.why}" if activation.why else said


def _facts(rows: Sequence[tuple[str, str]]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * SPACING)
    grid.setVerticalSpacing(SPACING // 2)
    beside = not large_type()
    if beside:
        grid.setColumnMinimumWidth(0, min(scaled(NAMES_WIDTH), 176))
    grid.setColumnStretch(int(beside), 1)
    for row, (name, value) in enumerate(rows):
        title = QLabel(name, wordWrap=True)
        title.setProperty("role", "normal")
        title.setTextFormat(Qt.TextFormat.PlainText)
        longest = max(map(len, value.split()), default=0)
        # At double size half as many letters fit.
        text = _one_line(value) if longest * scaled(10) > 10 * LONG_WORD else _value(value)
        text.setAccessibleName(name)
        # Of large type one below the other: a figure beside its name would be cut.
        grid.addWidget(title, row if beside else 2 * row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text, row if beside else 2 * row + 1, int(beside))
    return holder


def _sideways(grid: QWidget) -> QWidget:
    """A table that may be wider than the report scrolls by itself."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(grid)
    area.setFixedHeight(grid.sizeHint().height() + 2 * SPACING)
    return area


def _value(value: str) -> QWidget:
    text = QLabel(value, wordWrap=True)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    text.setMinimumWidth(1)
    return text


def _one_line(value: str) -> QWidget:
    """One long word in a label would make the whole report as wide as itself."""
    text = QLineEdit(value, readOnly=True)
    text.setToolTip(value)
    text.setCursorPosition(0)
    return text


def _section(column: QVBoxLayout, title: str, content: QWidget) -> None:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    column.addSpacing(SPACING)
    column.addWidget(line)
    heading = QLabel(title, wordWrap=True)
    heading.setFont(font(bold=True))
    column.addWidget(heading)
    column.addWidget(content)


def _muted(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "normal")
    return label
