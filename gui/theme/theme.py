"""Colours, sizes and the style sheet of three equal themes; and the four verdicts as shapes.

Calm neutral surfaces; saturated colour only for what needs action (ISA-101, IEC 60073), never colour alone: every
outcome has its own shape, drawn as a path so that it depends on no font.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPainterPathStroker, QPalette, QPolygonF

from engine.domain.inspection import Outcome, Verdict
from engine.system.places import resources_folder

ThemeName = Literal["dark", "light", "contrast"]
THEMES: Final[tuple[ThemeName, ...]] = ("dark", "light", "contrast")

SPACING: Final = 8
"""The grid, in pixels: gaps and margins are multiples of it."""
SMALL: Final = 12
NORMAL: Final = 14
LARGE: Final = 20
"""The three type sizes in pixels; the banner fits its own."""
TOUCH: Final = 44
"""Least height in pixels of what is touched often."""
CONTROL: Final = 32
"""Height in pixels of a button or a field; `TOUCH` in touch mode."""
FAMILIES: Final = ["Inter", "Segoe UI", "SF Pro Text", "DejaVu Sans"]


@dataclass(frozen=True, slots=True)
class Colours:
    """The tokens of one theme, as #rrggbb.

    Text, and the marks ok, ng, review, none, have 4.5:1 on surface, raised and sunken; so has `on_x` on `x_fill`.
    """

    surface: str
    raised: str
    sunken: str
    line: str
    entry: str
    """What one writes or chooses in; `rim` is its edge, seen against surface and raised."""
    rim: str
    text: str
    muted: str
    accent: str
    on_accent: str
    ok: str
    ng: str
    review: str
    none: str
    ok_fill: str
    ng_fill: str
    review_fill: str
    none_fill: str
    on_ok: str
    on_ng: str
    on_review: str
    on_none: str


_COLOURS: Final[dict[ThemeName, Colours]] = {
    "dark": Colours(
        surface="#15181b",
        raised="#1e2226",
        sunken="#0e1012",
        line="#343a40",
        entry="#0e1012",
        rim="#6b747c",
        text="#e8eaec",
        muted="#9aa3ab",
        accent="#7fb2e5",
        on_accent="#0e1012",
        ok="#5fae7b",
        ng="#f2686c",
        review="#f0b429",
        none="#87919a",
        ok_fill="#5fae7b",
        ng_fill="#d6363b",
        review_fill="#f0b429",
        none_fill="#87919a",
        on_ok="#0e1012",
        on_ng="#ffffff",
        on_review="#191300",
        on_none="#0e1012",
    ),
    "light": Colours(
        surface="#eef0f2",
        raised="#ffffff",
        sunken="#dfe3e6",
        line="#c3c9cf",
        entry="#ffffff",
        rim="#7f8890",
        text="#15191d",
        muted="#545e67",
        accent="#1d5a9e",
        on_accent="#ffffff",
        ok="#23703f",
        ng="#bf2026",
        review="#7a5200",
        none="#56606a",
        ok_fill="#23703f",
        ng_fill="#bf2026",
        review_fill="#f2b01e",
        none_fill="#5f6972",
        on_ok="#ffffff",
        on_ng="#ffffff",
        on_review="#191300",
        on_none="#ffffff",
    ),
    "contrast": Colours(
        surface="#000000",
        raised="#000000",
        sunken="#000000",
        line="#ffffff",
        entry="#000000",
        rim="#ffffff",
        text="#ffffff",
        muted="#e6e6e6",
        accent="#ffe600",
        on_accent="#000000",
        ok="#3dff8b",
        ng="#ff4d4d",
        review="#ffd000",
        none="#ffffff",
        ok_fill="#3dff8b",
        ng_fill="#ff4d4d",
        review_fill="#ffd000",
        none_fill="#ffffff",
        on_ok="#000000",
        on_ng="#000000",
        on_review="#000000",
        on_none="#000000",
    ),
}


class Theme(QObject):
    """The theme in force; `changed` when another was chosen. Widgets that paint themselves read `colours`."""

    changed = Signal()

    def __init__(
        self, name: ThemeName = "dark", parent: QObject | None = None, *, scale: float = 1.0, touch: bool = False
    ) -> None:
        super().__init__(parent)
        self._name: ThemeName = name
        self._touch = touch
        set_scale(scale)

    @property
    def touch(self) -> bool:
        """Whether every target is at least 44 px."""
        return self._touch

    def resize(self, scale: float, *, touch: bool) -> None:
        """Another size of type and targets; the window must be built anew for it."""
        set_scale(scale)
        self._touch = touch

    @property
    def name(self) -> ThemeName:
        """dark, light or contrast."""
        return self._name

    @property
    def colours(self) -> Colours:
        """The tokens of the theme in force."""
        return _COLOURS[self._name]

    def choose(self, name: ThemeName) -> None:
        """Another theme from now on."""
        if name != self._name:
            self._name = name
            self.changed.emit()

    def colour(self, token: str) -> QColor:
        """One token (`accent`, `line`, …) as a QColor."""
        return QColor(getattr(self.colours, token))

    def outcome_colour(self, outcome: Outcome) -> QColor:
        """The colour of the outcome's mark and word on a surface."""
        return QColor(getattr(self.colours, _TOKEN[outcome]))

    def fill_colour(self, outcome: Outcome) -> QColor:
        """The colour of a surface that says the outcome."""
        return QColor(getattr(self.colours, f"{_TOKEN[outcome]}_fill"))

    def on_outcome(self, outcome: Outcome) -> QColor:
        """The colour of mark and text upon a fill of `fill_colour`."""
        return QColor(getattr(self.colours, f"on_{_TOKEN[outcome]}"))

    def palette(self) -> QPalette:
        """The palette for what the style sheet does not reach."""
        c, palette = self.colours, QPalette()
        roles = {
            QPalette.ColorRole.Window: c.surface,
            QPalette.ColorRole.WindowText: c.text,
            QPalette.ColorRole.Base: c.entry,
            QPalette.ColorRole.AlternateBase: c.raised,
            QPalette.ColorRole.Text: c.text,
            QPalette.ColorRole.Button: c.raised,
            QPalette.ColorRole.ButtonText: c.text,
            QPalette.ColorRole.Highlight: c.accent,
            QPalette.ColorRole.HighlightedText: c.on_accent,
            QPalette.ColorRole.PlaceholderText: c.muted,
            QPalette.ColorRole.ToolTipBase: c.raised,
            QPalette.ColorRole.ToolTipText: c.text,
        }
        for role, colour in roles.items():
            palette.setColor(role, QColor(colour))
        return palette


_TOKEN: Final = {Outcome.OK: "ok", Outcome.NG: "ng", Outcome.REVIEW: "review", Outcome.NO_VERDICT: "none"}


_scale = 1.0


def set_scale(scale: float) -> None:
    """The size of type from here on, 0.8…2.0; as designed is 1.0. Of the whole application, as its font is."""
    global _scale
    _scale = min(2.0, max(0.8, scale))


def scaled(pixels: float) -> int:
    """A length that holds text (a fixed width, a row's height), in pixels at the size of type in force."""
    return round(pixels * _scale)


def font(size: int = NORMAL, *, bold: bool = False) -> QFont:
    """The station's type at `size` pixels as designed, with figures of one width so that numbers do not jump."""
    made = QFont()
    made.setFamilies(FAMILIES)
    made.setPixelSize(scaled(size))
    made.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def stylesheet(name: ThemeName, *, touch: bool = False) -> str:
    """The Qt style sheet of one theme: resources/themes/lineside.qss with the tokens put in."""
    text = (resources_folder() / "themes" / "lineside.qss").read_text(encoding="utf-8")
    control = max(scaled(CONTROL), TOUCH) if touch else scaled(CONTROL)
    sizes = {"small": scaled(SMALL), "normal": scaled(NORMAL), "large": scaled(LARGE)}
    sizes |= {"control": control, "field": control - 2, "act": scaled(TOUCH), "box": scaled(18)}
    tokens = asdict(_COLOURS[name]) | {key: f"{value}px" for key, value in sizes.items()}
    # Longest first, so that @on_accent is not cut by @on, nor @ng by @n.
    for token in sorted(tokens, key=len, reverse=True):
        text = text.replace(f"@{token}", tokens[token])
    return text.replace("@arrow", name).replace("@icons", (resources_folder() / "icons").as_posix())


def outcome_mark(outcome: Outcome, rect: QRectF) -> QPainterPath:
    """The outcome's shape as one closed path inside `rect`: ring, cross, question mark, dash. Fill it."""
    side = min(rect.width(), rect.height())
    box = QRectF(0, 0, side, side)
    box.moveCenter(rect.center())
    stroke = QPainterPathStroker()
    stroke.setWidth(side * 0.18)
    stroke.setCapStyle(Qt.PenCapStyle.FlatCap)
    stroke.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    line, extra = _mark_line(outcome, box)
    path = stroke.createStroke(line)
    path.setFillRule(Qt.FillRule.WindingFill)
    if extra is not None:
        path.addPath(extra)
    return path


def _mark_line(outcome: Outcome, box: QRectF) -> tuple[QPainterPath, QPainterPath | None]:
    """The centre line of a mark, and what is filled besides (the dot of the question mark)."""
    side, line = box.width(), QPainterPath()

    def at(x: float, y: float) -> QPointF:
        return QPointF(box.left() + x * side, box.top() + y * side)

    if outcome is Outcome.OK:
        line.addEllipse(box.center(), side * 0.37, side * 0.37)
    elif outcome is Outcome.NG:
        line.moveTo(at(0.16, 0.16))
        line.lineTo(at(0.84, 0.84))
        line.moveTo(at(0.84, 0.16))
        line.lineTo(at(0.16, 0.84))
    elif outcome is Outcome.REVIEW:
        bow = QRectF(at(0.26, 0.1), at(0.74, 0.54))
        line.arcMoveTo(bow, 180)
        line.arcTo(bow, 180, -245)
        line.quadTo(at(0.5, 0.56), at(0.5, 0.72))
        dot = QPainterPath()
        dot.addEllipse(at(0.5, 0.88), side * 0.11, side * 0.11)
        return line, dot
    else:
        line.moveTo(at(0.1, 0.5))
        line.lineTo(at(0.9, 0.5))
    return line, None


def unknown_mark(rect: QRectF) -> QPainterPath:
    """A part that the model does not know: a hollow diamond with a dot, as one path inside `rect`. Fill it."""
    side, middle = min(rect.width(), rect.height()), rect.center()
    line, reach = QPainterPath(), side * 0.39
    corners = ((0.0, -reach), (reach, 0.0), (0.0, reach), (-reach, 0.0))
    line.addPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
    line.closeSubpath()
    stroke = QPainterPathStroker()
    stroke.setWidth(side * 0.14)
    stroke.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    path = stroke.createStroke(line)
    path.addEllipse(middle, side * 0.1, side * 0.1)
    return path


def draw_verdict_mark(painter: QPainter, verdict: Verdict, rect: QRectF, colour: QColor) -> None:
    """As `draw_mark`, of this verdict."""
    draw_mark(painter, verdict.outcome, rect, colour, unknown=verdict.unknown)


def draw_mark(painter: QPainter, outcome: Outcome, rect: QRectF, colour: QColor, *, unknown: bool = False) -> None:
    """Fill the outcome's shape into `rect`; that of an unknown part is its own, whatever the outcome."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(unknown_mark(rect) if unknown else outcome_mark(outcome, rect), colour)
    painter.restore()
