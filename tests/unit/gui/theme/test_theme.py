"""What can be read in every theme, by WCAG 2.2's contrast ratio (success criterion 1.4.3)."""

from __future__ import annotations

import pytest

from gui.theme.theme import THEMES, TOUCH, Theme, ThemeName, stylesheet

ENOUGH = 4.5
GROUNDS = ("surface", "raised", "sunken")
ON_GROUND = ("text", "muted", "accent", "ok", "ng", "review", "none")
ON_FILL = (
    ("on_accent", "accent"),
    ("on_ok", "ok_fill"),
    ("on_ng", "ng_fill"),
    ("on_review", "review_fill"),
    ("on_none", "none_fill"),
)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """(L1 + 0.05) / (L2 + 0.05), the lighter one first."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
def test_everything_written_or_marked_can_be_read_on_every_ground(name: ThemeName) -> None:
    colours = Theme(name).colours
    pairs = [(ink, ground) for ink in ON_GROUND for ground in GROUNDS] + list(ON_FILL)
    weak = {
        f"{ink} on {ground}": round(contrast(getattr(colours, ink), getattr(colours, ground)), 2)
        for ink, ground in pairs
        if contrast(getattr(colours, ink), getattr(colours, ground)) < ENOUGH
    }
    assert weak == {}


@pytest.mark.parametrize("name", THEMES)
def test_a_field_is_seen_and_looks_unlike_one_that_is_off(name: ThemeName) -> None:
    """The edge by criterion 1.4.11; what is off has the surface's ground and the faint line."""
    colours = Theme(name).colours
    assert min(contrast(colours.rim, ground) for ground in (colours.surface, colours.raised, colours.entry)) >= 3.0
    assert contrast(colours.text, colours.entry) >= ENOUGH <= contrast(colours.muted, colours.entry)
    assert name == "contrast" or colours.entry not in (colours.surface, colours.line)
    off = next(line for line in stylesheet(name).splitlines() if line.startswith("QLineEdit:disabled"))
    assert f"background: {colours.surface}; border-color: {colours.line};" in off


@pytest.mark.parametrize("name", THEMES)
def test_style_sheet_has_every_token_filled_in(name: ThemeName) -> None:
    text = stylesheet(name)
    assert "@" not in text


def test_touch_mode_makes_every_button_and_field_44_pixels_high() -> None:
    calm, touch = stylesheet("dark"), stylesheet("dark", touch=True)
    assert f"min-height: {TOUCH}px; padding: 0 16px" in touch
    assert f"min-height: {TOUCH}px; padding: 0 16px" not in calm
