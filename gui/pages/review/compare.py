"""The same picture judged by two models, side by side; zoom and pan go together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from db.models.registry import ModelVersion, active, find, list_models
from engine.backends.load import load_model
from engine.judging.bench import Bench
from engine.judging.judge import Judged, Shown
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe
from gui.context import AppContext
from gui.i18n.language import outcome_word, translate
from gui.i18n.messages import translated
from gui.i18n.verdicts import class_word, score_word
from gui.theme.theme import SPACING, Theme, scaled
from gui.viewer.overlays import drawn_map
from gui.viewer.picture import OpenedPart
from gui.widgets.pictures.image_view import ImageView
from gui.widgets.verdict_chip import verdict_icon

KEPT = 2
MARK = 20


class Models:
    """Registered models at hand, each with its recipe: the one in force, or its own limits. Used from jobs."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._bench = Bench(lambda package: load_model(package, threads=context.settings.threads), KEPT)
        self._packages: dict[str, ModelPackage] = {}

    def judge(self, version: str, picture: Shown) -> tuple[Judged, ModelPackage]:
        """What this version says of a picture. Blocking, seconds for a model not loaded yet. Raises LinesideError."""
        if version not in self._packages:
            self._packages[version] = open_package(find(self._context.db, version).folder)
        package = self._packages[version]
        now, recipe = self._context.package, self._context.recipe
        in_force = recipe if now is not None and now.version == version else None
        return self._bench.judge(package, in_force or default_recipe(package), picture), package

    def close(self) -> None:
        """Let the models go."""
        self._bench.close()


class Side(QWidget):
    """One model's half: who, what it says and why, the picture with its map."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.model = QComboBox()
        self.model.setAccessibleName(name)
        self.model.setMinimumContentsLength(10)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._mark, self._says = QLabel(), QLabel()
        self._reasons = QLabel(wordWrap=True)
        self._reasons.setProperty("role", "muted")
        self._reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._reasons.setMinimumHeight(2 * self._reasons.fontMetrics().lineSpacing())
        self.view = ImageView(theme)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self._mark)
        head.addWidget(self._says, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.model)
        column.addLayout(head)
        column.addWidget(self._reasons)
        column.addWidget(self.view, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    @property
    def version(self) -> str:
        """The version chosen."""
        return str(self.model.currentData() or "")

    @property
    def words(self) -> str:
        """What the model says, as text."""
        return f"{self._says.text()} {self._reasons.text()}"

    def wait(self, words: str) -> None:
        """Say why there is no verdict yet."""
        self._mark.clear()
        self._says.setText("")
        self._reasons.setText(words)
        self.view.set_overlay(None)

    def show_verdict(self, said: Judged, package: ModelPackage) -> None:
        """Verdict, reasons and map."""
        verdict, side = said.verdict, scaled(MARK)
        self._mark.setPixmap(verdict_icon(self._theme, verdict, MARK).pixmap(side, side))
        self._says.setTextFormat(Qt.TextFormat.PlainText)
        words = (outcome_word(verdict.outcome), class_word(verdict), score_word(verdict))
        self._says.setText(" ".join(word for word in words if word))
        self._reasons.setText("; ".join(map(translated, verdict.reasons)))
        self.view.set_regions(said.regions)
        style = self.view.overlay_style
        drawn = drawn_map(said.heat, style, package) if said.heat is not None and style in ("heat", "mask") else None
        self.view.set_overlay(drawn)


class ComparePanel(QWidget):
    """Left the active model, right another registered one; both can be chosen."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._models = Models(context)
        self._opened: OpenedPart | None = None
        self.left = Side(context.theme, translate("Review", "Model at the left"))
        self.right = Side(context.theme, translate("Review", "Model at the right"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        for side, other in ((self.left, self.right), (self.right, self.left)):
            row.addWidget(side, 1)
            side.view.viewChanged.connect(partial(_follow, side.view, other.view))
            side.model.currentIndexChanged.connect(partial(self._judge, side))

    def start(self, opened: OpenedPart | None) -> None:
        """Find the registered models, then judge this part."""
        self._opened = opened
        db, product = self._context.db, self._context.product.id
        self._context.jobs.run(lambda: (list_models(db, product), active(db, product)), self._offer)

    def show_part(self, opened: OpenedPart | None) -> None:
        """Judge this part by both."""
        self._opened = opened
        style, opacity = self._context.settings.overlay, self._context.settings.overlay_opacity
        for side in (self.left, self.right):
            side.view.set_style(style if style != "off" else "heat")
            side.view.set_opacity(opacity)
            side.view.set_picture(opened.shown if opened else None)
            if opened is not None and opened.shown is None:
                side.view.set_empty_text(opened.missing)
            self._judge(side)

    def look_like(self, view: ImageView) -> None:
        """Zoom and place of another view of the same picture."""
        if self.isVisible():
            for side in (self.left, self.right):
                side.view.look_like(view)

    def close_models(self) -> None:
        """Let the loaded models go."""
        self._models.close()

    def _offer(self, registered: tuple[Sequence[ModelVersion], ModelVersion | None]) -> None:
        known, now = registered
        first = now.version if now else ""
        ordered = sorted(known, key=lambda m: m.version != first)
        for row, side in enumerate((self.left, self.right)):
            blocker, chosen = QSignalBlocker(side.model), side.version
            side.model.clear()
            for model in ordered:
                side.model.addItem(f"{model.name} {model.version[:8]}", model.version)
            place = side.model.findData(chosen) if chosen else min(row, len(ordered) - 1)
            side.model.setCurrentIndex(place)
            blocker.unblock()
        if len(known) < 2:
            self._context.notify(
                "info",
                translate("Review", "There is only one model to compare."),
                translate("Review", "Teach or import another one on Models."),
            )
        self.show_part(self._opened)

    def _judge(self, side: Side, _row: int = 0) -> None:
        opened, version = self._opened, side.version
        if opened is None or opened.pixels is None or not version:
            side.wait("")
            return
        side.wait(translate("Review", "Judging …"))
        frame = opened.stored.inspection.frame
        picture = Shown(opened.pixels, frame.bits, frame.bayer)

        def done(said: tuple[Judged, ModelPackage]) -> None:
            if self._opened is opened and side.version == version:
                side.show_verdict(*said)

        def failed(error: Exception) -> None:
            if self._opened is opened and side.version == version:
                side.wait(translated(str(error)))

        self._context.jobs.run(partial(self._models.judge, version, picture), done, failed)


def _follow(view: ImageView, other: ImageView) -> None:
    other.look_like(view)
