"""What the recipe editor shows but for limits and region: names, classes, guard, camera, saving."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRegularExpression, QSignalBlocker, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.domain.inspection import Outcome, Prediction, Severity
from engine.domain.recipe import CameraSetup, ClassRule, FilePages, Guard, Recipe, has_own_limit
from engine.recipes.camera import MAX_TAKT_S
from engine.recipes.file import CODE, MAX_CODE
from engine.sources.base import SETTINGS
from gui.forms.fields import Choice, Number
from gui.i18n.language import number, percent, translate
from gui.pages.recipes.editor.section import Section
from gui.theme.theme import Theme, scaled
from gui.widgets.calm_table import calm_table


def severity_word(severity: Severity) -> str:
    """As it stands on screen."""
    words = {
        Severity.CRITICAL: translate("Recipes", "critical"),
        Severity.MAJOR: translate("Recipes", "major"),
        Severity.MINOR: translate("Recipes", "minor"),
    }
    return words[severity]


def trigger_words() -> tuple[tuple[str, str], ...]:
    """Every kind of trigger and its words."""
    return (
        ("", translate("Recipes", "Camera's own")),
        ("off", translate("Recipes", "Free running")),
        ("software", translate("Recipes", "Software")),
        ("hardware", translate("Recipes", "Hardware")),
    )


def pages_words() -> tuple[tuple[str, str], ...]:
    """What becomes of files with several pictures, and its words."""
    return (
        (FilePages.REFUSE, translate("Recipes", "NO VERDICT")),
        (FilePages.FIRST, translate("Recipes", "The first is the part")),
        (FilePages.EACH, translate("Recipes", "Each is a part")),
    )


class NameSection(Section):
    """What the recipe is called, and what a scanner reads to change over to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Recipe"), parent)
        self.name = QLineEdit(maxLength=100)
        self.code = QLineEdit(maxLength=MAX_CODE, placeholderText=translate("Recipes", "none"))
        self.row(translate("Recipes", "Name"), self.name)
        self.row(translate("Recipes", "Scanned code"), self.code)
        self.only = QCheckBox()
        self.row(translate("Recipes", "Model"), self.only)
        self._version = ""
        self.name.setAccessibleName(translate("Recipes", "Name of the recipe"))
        self.code.setAccessibleName(translate("Recipes", "Scanned code"))
        self.code.setValidator(QRegularExpressionValidator(QRegularExpression(CODE), self.code))
        self.code.setToolTip(
            translate("Recipes", "A scanner that reads this on the Live page changes over. Four characters or more.")
        )
        self.only.setAccessibleName(translate("Recipes", "For one model only"))
        self.only.setToolTip(
            translate("Recipes", "While such a recipe is in force, no other model can be activated or rolled back to.")
        )
        for field in (self.name, self.code):
            field.textEdited.connect(self._typed)
        self.only.clicked.connect(self._bound)

    def set_version(self, version: str) -> None:
        """The version of the model that is tried here: what a recipe can be bound to."""
        self._version = version

    def fill(self, recipe: Recipe) -> None:
        """Name, code and model; a field that is being typed in is left alone."""
        for field, text in ((self.name, recipe.name), (self.code, recipe.code)):
            if field.text().strip() != text:
                field.setText(text)
        self.only.setChecked(bool(recipe.model))
        self._say(recipe.model)

    def _say(self, model: str) -> None:
        only = translate("Recipes", "Only {version}").format(version=model)
        self.only.setText(only if model else translate("Recipes", "Any"))

    def _bound(self, on: bool) -> None:
        if self.recipe is not None:
            model = self._version if on else ""
            self.only.setChecked(bool(model))
            self._say(model)
            self.wish(replace(self.recipe, model=model))

    def _typed(self) -> None:
        if self.recipe is not None and self.name.text().strip():
            self.wish(replace(self.recipe, name=self.name.text().strip(), code=self.code.text().strip()))


class ClassesSection(Section):
    """The defect classes in a table, and the chosen one's rule in a form below it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Defect classes"), parent)
        self._labels: tuple[str, ...] = ()
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(translate("Recipes", "Defect classes"))
        self.table.setHorizontalHeaderLabels(
            [translate("Recipes", "Class"), translate("Recipes", "Severity"), translate("Recipes", "Own limits")]
        )
        calm_table(self.table, theme, scaled(28))
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        head = self.table.horizontalHeader()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.column.insertWidget(1, self.table)
        self._build_form()
        self.table.currentCellChanged.connect(self._show_rule)

    def _build_form(self) -> None:
        as_all = translate("Recipes", "as above")
        severities = [(str(s), severity_word(s)) for s in Severity]
        self.severity = Choice(translate("Recipes", "Severity"), severities)
        names = {
            "ng_at": translate("Recipes", "NG from"),
            "review_from": translate("Recipes", "REVIEW from"),
            "review_to": translate("Recipes", "REVIEW up to"),
        }
        self.fields: dict[str, Number] = {
            key: Number(word, 0.0, 1.0, decimals=2, off=as_all) for key, word in names.items()
        }
        self.fields["min_area_px"] = Number(
            translate("Recipes", "Smallest area"), 0.0, 1e9, unit="px²", off=as_all, step=1.0
        )
        self.fields["max_regions"] = Number(
            translate("Recipes", "Most regions"), 0.0, 1e6, off=translate("Recipes", "any number"), step=1.0
        )
        self.row(self.severity.accessibleName(), self.severity)
        for field in self.fields.values():
            self.row(field.accessibleName(), field)
            field.chosen.connect(self._changed)
        self.severity.chosen.connect(self._changed)
        self.note(translate("Recipes", "Critical classes are decided first, whatever else is likelier."))

    def set_classes(self, labels: tuple[str, ...]) -> None:
        """The model's defect classes, in its order."""
        if labels != self._labels:
            self._labels = labels
            with QSignalBlocker(self.table):
                self.table.setRowCount(len(labels))
                for row in range(len(labels)):
                    for column in range(3):
                        self.table.setItem(row, column, QTableWidgetItem())
                if labels:
                    self.table.setCurrentCell(0, 0)
            shown = min(len(labels), 5)
            self.table.setFixedHeight(scaled(28) * shown + scaled(36))

    def fill(self, recipe: Recipe) -> None:
        """Table and form."""
        for row, label in enumerate(self._labels):
            rule = self._rule(label)
            words = (label, severity_word(rule.severity), _own_words(rule))
            for column, word in enumerate(words):
                item = self.table.item(row, column)
                if item is not None:
                    item.setText(word)
                    item.setToolTip(word)
        self._show_rule()

    def choose(self, label: str) -> None:
        """Show this class in the form."""
        if label in self._labels:
            self.table.setCurrentCell(self._labels.index(label), 0)

    def _rule(self, label: str) -> ClassRule:
        rules = self.recipe.rules if self.recipe is not None else ()
        return next((rule for rule in rules if rule.label == label), ClassRule(label))

    @property
    def _current(self) -> str:
        row = self.table.currentRow()
        return self._labels[row] if 0 <= row < len(self._labels) else ""

    def _show_rule(self) -> None:
        rule = self._rule(self._current)
        self.severity.put(str(rule.severity))
        for name, field in self.fields.items():
            field.put(getattr(rule, name))
            field.setEnabled(bool(self._current))
        critical = rule.severity is Severity.CRITICAL
        for name in ("review_to", "min_area_px"):
            self.fields[name].setEnabled(bool(self._current) and not critical)

    def _changed(self) -> None:
        if self.recipe is None or not self._current:
            return
        values: dict[str, Any] = {name: field.number for name, field in self.fields.items()}
        values["max_regions"] = None if values["max_regions"] is None else int(values["max_regions"])
        severity = Severity(str(self.severity.currentData()))
        rule = _held(ClassRule(self._current, severity, **values), self.recipe)
        others = {r.label: r for r in self.recipe.rules} | {rule.label: rule}
        # One that says nothing is written too: the package may have a rule for the class.
        rules = tuple(others[label] for label in self._labels if label in others)
        self.wish(replace(self.recipe, rules=rules))


def _held(rule: ClassRule, recipe: Recipe) -> ClassRule:
    """The rule with its numbers in order, as a file must have them."""
    at = recipe.limits.ng_at if rule.ng_at is None else rule.ng_at
    low = None if rule.review_from is None else min(rule.review_from, at)
    high = None if rule.review_to is None else max(rule.review_to, at)
    if rule.severity is Severity.CRITICAL:
        return replace(rule, review_from=low, review_to=None, min_area_px=None)
    return replace(rule, review_from=low, review_to=high)


def _own_words(rule: ClassRule) -> str:
    found = []
    if has_own_limit(rule):
        values = (rule.review_from, rule.ng_at, rule.review_to)
        found.append(" / ".join("–" if v is None else number(v, 2) for v in values))
    if rule.min_area_px is not None:
        found.append(f"≥ {number(rule.min_area_px)} px²")
    if rule.max_regions is not None:
        found.append(f"≤ {number(rule.max_regions)}")
    return ", ".join(found) or "–"


class GuardSection(Section):
    """When a picture is not fit to be judged, with what the picture on screen has beside each limit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Picture check"), parent)
        off = translate("Recipes", "not checked")
        self.dark = Number(translate("Recipes", "Darkest"), 0.0, 255.0, decimals=1, off=off, step=1.0)
        self.bright = Number(translate("Recipes", "Brightest"), 0.0, 255.0, decimals=1, off=off, step=1.0)
        self.contrast = Number(translate("Recipes", "Least contrast"), 0.0, 128.0, decimals=1, off=off)
        self.sharpness = Number(translate("Recipes", "Least sharpness"), 0.0, 20.0, decimals=3, off=off)
        self.clipped = Number(translate("Recipes", "Most white"), 0.0, 100.0, decimals=1, unit="%", off=off)
        self.novelty = Choice(
            translate("Recipes", "A part unlike the others"),
            (
                ("off", translate("Recipes", "is judged")),
                (str(Outcome.REVIEW), translate("Recipes", "is REVIEW")),
                (str(Outcome.NO_VERDICT), translate("Recipes", "is NO VERDICT")),
            ),
        )
        self.novelty_max = Number(translate("Recipes", "unlike from"), 0.01, 100.0, decimals=2)
        for key in ("dark", "bright", "contrast", "sharpness", "clipped", "novelty", "novelty_max"):
            field = getattr(self, key)
            self.row(field.accessibleName(), field)
            field.chosen.connect(self._changed)
        self.now = self.note()
        self._knows_novelty = False

    def set_known(self, *, novelty: bool) -> None:
        """Whether the model tells how unlike the training parts a part is."""
        self._knows_novelty = novelty

    def show_quality(self, prediction: Prediction | None) -> None:
        """What the picture on screen has."""
        if prediction is None or prediction.quality is None:
            self.now.setText(translate("Recipes", "The picture on screen is not measured yet."))
            return
        q = prediction.quality
        text = translate(
            "Recipes",
            "This picture: brightness {brightness}, contrast {contrast}, sharpness {sharpness}, white {clipped}",
        ).format(
            brightness=number(q.brightness, 1),
            contrast=number(q.contrast, 1),
            sharpness=number(q.sharpness, 3),
            clipped=percent(q.clipped),
        )
        if prediction.novelty is not None:
            text += translate("Recipes", ", unlike {novelty}").format(novelty=number(prediction.novelty, 2))
        self.now.setText(text)

    def fill(self, recipe: Recipe) -> None:
        """The limits."""
        guard = recipe.guard
        low, high = guard.brightness or (None, None)
        self.dark.put(low)
        self.bright.put(high)
        self.contrast.put(guard.contrast_min)
        self.sharpness.put(guard.sharpness_min)
        self.clipped.put(None if guard.clipped_max is None else 100.0 * guard.clipped_max)
        self.novelty.put("off" if guard.novelty_max is None else str(guard.on_novelty))
        if guard.novelty_max is not None:
            self.novelty_max.put(guard.novelty_max)
        self.novelty.setEnabled(self._knows_novelty)
        self.novelty_max.setEnabled(guard.novelty_max is not None)

    def _changed(self) -> None:
        if self.recipe is None:
            return
        low, high = self.dark.number, self.bright.number
        both = None if low is None and high is None else (low or 0.0, 255.0 if high is None else high)
        clipped, unlike = self.clipped.number, str(self.novelty.currentData())
        guard = Guard(
            brightness=None if both is None else (min(both), max(both)),
            contrast_min=self.contrast.number,
            sharpness_min=self.sharpness.number,
            clipped_max=None if clipped is None else round(clipped / 100.0, 6),
            novelty_max=None if unlike == "off" else self.novelty_max.number,
            on_novelty=Outcome.REVIEW if unlike == "off" else Outcome(unlike),
        )
        self.wish(replace(self.recipe, guard=guard))
        self.fill(self.recipe)


class LineSection(Section):
    """How the camera is triggered, which pictures are kept, how old a frame may be, and which of a file count."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Line"), parent)
        self.trigger = Choice(translate("Recipes", "Trigger"), trigger_words())
        not_watched = translate("Recipes", "not watched")
        self.takt = Number(translate("Recipes", "Takt"), 0.1, MAX_TAKT_S, decimals=1, unit="s", off=not_watched)
        self.age = Number(translate("Recipes", "Oldest frame"), 0.1, 3600.0, decimals=1, unit="s")
        self.defects = QCheckBox(translate("Recipes", "Keep defect pictures"))
        self.defects.setToolTip(translate("Recipes", "Those of every NG, REVIEW and NO VERDICT"))
        none = translate("Recipes", "none")
        self.every = Number(translate("Recipes", "Keep one OK picture in"), 1.0, 1e6, off=none)
        self.takt.setToolTip(translate("Recipes", "A trigger without a verdict within this time raises the alarm."))
        self.pages = Choice(translate("Recipes", "Files with several pictures"), pages_words())
        self.pages.setToolTip(translate("Recipes", "TIFF with several pages, animations, pictures of stereo cameras"))
        for field in (self.trigger, self.takt, self.age, self.every, self.pages):
            self.row(field.accessibleName(), field)
            field.chosen.connect(self._changed)
        self.form.addRow(self.defects)
        self.defects.clicked.connect(self._changed)
        self.camera = self.note()

    def fill(self, recipe: Recipe) -> None:
        """The values."""
        self.trigger.put(recipe.camera.trigger)
        self.takt.put(recipe.camera.takt_s or None)
        self.age.put(recipe.max_frame_age_s)
        self.every.put(recipe.saving.every_ok or None)
        self.pages.put(recipe.pages)
        with QSignalBlocker(self.defects):
            self.defects.setChecked(recipe.saving.defects)
        others = sum(name != "trigger" for name, _ in recipe.camera.settings)
        more = translate("Recipes", "%n more camera setting(s): set on the Camera page.", "", others)
        text = more if others else translate("Recipes", "The camera itself is set on the Camera page.")
        if recipe.imaging is not None:
            text += " " + translate("Recipes", "The picture is compared with a golden one.")
        self.camera.setText(text)

    def _changed(self) -> None:
        if self.recipe is None:
            return
        settings = dict(self.recipe.camera.settings)
        settings.pop("trigger", None)
        trigger = str(self.trigger.currentData())
        settings |= {"trigger": trigger} if trigger else {}
        kept = tuple((name, settings[name]) for name in SETTINGS if name in settings)
        camera = CameraSetup(kept, self.takt.number or 0.0)
        saving = replace(self.recipe.saving, defects=self.defects.isChecked(), every_ok=int(self.every.number or 0))
        age = self.age.number or 2.0
        pages = FilePages(str(self.pages.currentData()))
        self.wish(replace(self.recipe, camera=camera, saving=saving, max_frame_age_s=age, pages=pages))
