"""The thresholds by slider: NG limit, review band, smallest area, most regions; always in order."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from engine.domain.recipe import Limits, Recipe
from gui.forms.fields import Number, ShareField, Slider
from gui.i18n.language import number, translate
from gui.pages.recipes.editor.section import Section
from gui.theme.theme import Theme
from gui.widgets.key_button import KeyButton

AREA_STEPS = 400
LARGEST_AREA = 100_000.0


class LimitsSection(Section):
    """Moving one threshold past another takes the other along."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(translate("Recipes", "Limits"), parent)
        self.ng_at = ShareField(translate("Recipes", "NG from"))
        self.review_from = ShareField(translate("Recipes", "REVIEW from"))
        self.review_to = ShareField(translate("Recipes", "REVIEW up to"))
        self.area = Number(translate("Recipes", "Smallest area"), 0.0, 1e9, decimals=1, unit="px²", step=1.0)
        self.area_slider = Slider()
        self.area_slider.setRange(0, AREA_STEPS)
        self.area_slider.setAccessibleName(self.area.accessibleName())
        no_limit = translate("Recipes", "any number")
        self.regions = Number(translate("Recipes", "Most regions"), 0.0, 10_000.0, off=no_limit, step=1.0)
        self.row(translate("Recipes", "REVIEW from"), self.review_from)
        self.row(translate("Recipes", "NG from"), self.ng_at)
        self.row(translate("Recipes", "REVIEW up to"), self.review_to)
        self.row(self.area.accessibleName(), self.area)
        self.form.addRow(self.area_slider)
        self.row(self.regions.accessibleName(), self.regions)
        self.words = self.note()
        self.cheapest = KeyButton(theme, translate("Recipes", "Use the cheapest"), "C", compact=True)
        self.ng_at.chosen.connect(self.set_ng)
        self.review_from.chosen.connect(self._from)
        self.review_to.chosen.connect(self._to)
        self.area.chosen.connect(self._area)
        self.area_slider.valueChanged.connect(self._slid)
        self.regions.chosen.connect(self._most)

    def fill(self, recipe: Recipe) -> None:
        """The sliders and their numbers."""
        limits = recipe.limits
        self.ng_at.put(limits.ng_at)
        self.review_from.put(limits.review_from)
        self.review_to.put(limits.review_to)
        self.area.put(limits.min_area_px)
        blocked = self.area_slider.blockSignals(True)
        self.area_slider.setValue(_place(limits.min_area_px))
        self.area_slider.blockSignals(blocked)
        self.regions.put(limits.max_regions)
        self.words.setText(_area_words(limits))

    def set_ng(self, value: float) -> None:
        """NG from here on; a band that began at the limit goes with it."""
        if self.recipe is None:
            return
        now = self.recipe.limits
        banded = now.review_from < now.review_to
        low = min(now.review_from, value) if banded else value
        high = max(now.review_to, value) if banded else value
        self._wish(replace(now, ng_at=value, review_from=low, review_to=high))

    def shift(self, value: float) -> None:
        """NG from here on, and the whole band with it."""
        if self.recipe is None:
            return
        now = self.recipe.limits
        low = max(0.0, value - (now.ng_at - now.review_from))
        high = min(1.0, value + (now.review_to - now.ng_at))
        self._wish(replace(now, ng_at=value, review_from=low, review_to=high))

    def _from(self, value: float) -> None:
        if self.recipe is not None:
            now = self.recipe.limits
            at = max(now.ng_at, value)
            self._wish(replace(now, review_from=value, ng_at=at, review_to=max(now.review_to, at)))

    def _to(self, value: float) -> None:
        if self.recipe is not None:
            now = self.recipe.limits
            at = min(now.ng_at, value)
            self._wish(replace(now, review_to=value, ng_at=at, review_from=min(now.review_from, at)))

    def _area(self, value: float) -> None:
        if self.recipe is not None:
            self._wish(replace(self.recipe.limits, min_area_px=value))

    def _slid(self, place: int) -> None:
        # Even steps in ratio: one slider for three square pixels and for thirty thousand.
        self._area(round(LARGEST_AREA ** (place / AREA_STEPS)) if place else 0.0)

    def _most(self, value: float | None) -> None:
        if self.recipe is not None:
            self._wish(replace(self.recipe.limits, max_regions=None if value is None else int(value)))

    def _wish(self, limits: Limits) -> None:
        if self.recipe is not None:
            limits = replace(
                limits,
                ng_at=round(limits.ng_at, 6),
                review_from=round(limits.review_from, 6),
                review_to=round(limits.review_to, 6),
            )
            self.wish(replace(self.recipe, limits=limits))
            self.fill(self.recipe)


def _place(area: float) -> int:
    """Where on its slider an area stands."""
    if area < 1.0:
        return 0
    place = 0
    while place < AREA_STEPS and LARGEST_AREA ** (place / AREA_STEPS) < area:
        place += 1
    return place


def _area_words(limits: Limits) -> str:
    if limits.min_area_px <= 0.0:
        return translate("Recipes", "Regions of any size count.")
    if not limits.mm_per_px:
        return translate("Recipes", "Measure the scale below to see areas in mm².")
    area = number(limits.min_area_px * limits.mm_per_px**2, 3)
    return translate("Recipes", "Regions under {area} mm² do not count.").format(area=area)
