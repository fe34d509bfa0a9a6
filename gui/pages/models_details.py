"""One model version in full: figures, confusion, classes, input, limits, lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from db.registry import Activation, ModelVersion
from engine.manifest import Manifest
from gui.tables.confusion import CountGrid, square_table
from gui.theme import SPACING, Theme

NONE = "–"
STATES = {"active": "active", "candidate": "candidate, never used so far", "retired": "retired, used before"}


class ModelDetails(QScrollArea):
    """Read only. `show_model` replaces everything."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("The chosen model")

    def show_model(self, model: ModelVersion, manifest: Manifest, past: Sequence[Activation]) -> None:
        """Everything about one version; `past` are all activations of the station."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * SPACING, 0, SPACING, SPACING)
        column.setSpacing(SPACING)
        title = QLabel(f"{model.name}  {model.version}")
        title.setProperty("role", "large")
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(title)
        column.addWidget(_muted(f"{manifest.kind}, {STATES[model.state]}"))
        _section(column, "Figures on the held-out part", _facts(figures(manifest.metrics)))
        matrix = _matrix(manifest.metrics)
        if matrix is not None:
            grid = CountGrid(self._theme)
            grid.set_table(square_table(*matrix))
            _section(column, "Which class was taken for which", grid)
        _section(column, "Classes", _facts(_classes(manifest)))
        _section(column, "How it judges", _facts(_judging(manifest)))
        _section(column, "Where it comes from", _facts(_lineage(model, manifest)))
        used = [f"{a.at.astimezone():%d %b %Y %H:%M} {a.by}: {_what(a)}" for a in past if a.version == model.version]
        if used:
            _section(column, "Use on this station", _muted("\n".join(reversed(used))))
        column.addStretch(1)
        self.setWidget(inside)


def figures(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures a person compares, as name and value; a figure that is missing is a dash."""
    auroc = metrics.get("auroc")
    return [
        ("Accuracy", share(metrics.get("accuracy"))),
        ("Macro F1", share(metrics.get("macro_f1"))),
        ("Average precision", share(metrics.get("ap"))),
        ("AUROC", share(auroc.get("binary") if isinstance(auroc, Mapping) else auroc)),
        ("Escapes", _counted(metrics.get("escapes"))),
        ("Overkill", _counted(metrics.get("overkill"))),
        ("Pictures", f"{metrics['count']:,}" if isinstance(metrics.get("count"), int) else NONE),
    ]


def share(value: Any) -> str:
    """0.9731 → `97.3 %`."""
    return f"{value:.1%}".replace("%", " %") if isinstance(value, int | float) else NONE


def _counted(value: Any) -> str:
    if not isinstance(value, Mapping) or not isinstance(value.get("count"), int):
        return NONE
    of = value.get("of", value.get("total"))
    return f"{value['count']:,} of {of:,}" if isinstance(of, int) else f"{value['count']:,}"


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
        said = "sound" if spec.role == "ok" else "defect"
        if isinstance(found, Mapping):
            said += f"; precision {share(found.get('precision'))}, recall {share(found.get('recall'))}"
            said += f", {found.get('support', 0):,} pictures"
        rows.append((spec.name, said))
    return rows


def _judging(manifest: Manifest) -> list[tuple[str, str]]:
    limits, given = manifest.thresholds, manifest.input
    band = "none" if limits.review_from == limits.review_to else f"{limits.review_from:.2f} – {limits.review_to:.2f}"
    maps = {"cam": "class activation map", "mask": "defect map", "none": "none"}
    return [
        ("NG from", f"{limits.ng_at:.2f}"),
        ("Review band", band),
        ("Input", f"{given.height} × {given.width} (height × width), {'grey' if given.channels == 1 else 'colour'}"),
        ("Overlay", maps[manifest.map.kind]),
        ("Architecture", "made elsewhere" if manifest.architecture == "foreign" else manifest.architecture),
        ("Computed in", _precision(manifest)),
        ("Checks each picture", _guard(manifest)),
        ("Probabilities", _calibration(manifest)),
    ]


def _precision(manifest: Manifest) -> str:
    int8 = manifest.int8
    if int8 is None:
        return "fp32" if manifest.architecture == "foreign" else "bf16 where the processor has it, else fp32"
    if not int8.used:
        return f"bf16 or fp32; INT8 was refused: {int8.reason}"
    return f"INT8: the same verdict as fp32 on {share(int8.agreement)} of {int8.pictures:,} pictures"


def _guard(manifest: Manifest) -> str:
    guard = manifest.guard
    if guard is None:
        return "no: nothing is known of its training pictures"
    novel = ", unlike the training parts" if guard.novelty_max is not None else ""
    low, high = guard.brightness
    return f"brightness {low:.0f} to {high:.0f}, contrast, sharpness, over-exposure{novel}"


def _calibration(manifest: Manifest) -> str:
    error = manifest.calibration.get("ece")
    if not isinstance(error, int | float):
        return "not measured"
    return f"off by {share(error)} on average (expected calibration error)"


def _lineage(model: ModelVersion, manifest: Manifest) -> list[tuple[str, str]]:
    lineage = manifest.lineage
    rows = [
        ("Data", lineage.dataset or NONE),
        ("Fine-tuned from", lineage.parent or "nothing: trained from the start"),
        ("Preset", f"{lineage.preset or NONE}, seed {lineage.seed}"),
        ("Trained", lineage.trained_at[:16].replace("T", " ") or NONE),
        ("Registered", f"{model.registered_at.astimezone():%d %b %Y %H:%M}"),
        ("Kept in", str(model.folder)),
    ]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(lineage.versions.items()))
    return [*rows, ("Made with", versions)] if versions else rows


def _what(activation: Activation) -> str:
    said = "rolled back to it" if activation.rollback else "activated"
    return f"{said}, {activation.why}" if activation.why else said


def _facts(rows: Sequence[tuple[str, str]]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * SPACING)
    grid.setVerticalSpacing(SPACING // 2)
    grid.setColumnMinimumWidth(0, 128)
    grid.setColumnStretch(1, 1)
    for row, (name, value) in enumerate(rows):
        title = QLabel(name)
        title.setProperty("role", "normal")
        text = QLabel(value, wordWrap=True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text, row, 1)
    return holder


def _section(column: QVBoxLayout, title: str, content: QWidget) -> None:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    column.addSpacing(SPACING)
    column.addWidget(line)
    heading = QLabel(f"<b>{title}</b>")
    column.addWidget(heading)
    column.addWidget(content)


def _muted(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setProperty("role", "normal")
    return label
