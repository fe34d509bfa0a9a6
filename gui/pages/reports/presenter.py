"""The rules of the Reports page: what is counted, which views are out of date, and why one of them shows nothing."""

from __future__ import annotations

from db.statistics.figures import ScopeChoices
from gui.i18n.language import number, translate
from gui.pages.reports.figures import Ask, FigurePart, Figures, with_part
from gui.pages.reports.words import VIEWS, View, counted_words, left_out_words

_VIEWS_OF: dict[str, tuple[View, ...]] = {
    "unknown": ("yield",),
    "groups": VIEWS,
    "origins": (),
    "defects": ("defects",),
    "agreement": ("agreement",),
    "audits": ("audits",),
    "positions": ("positions",),
}


class ReportsPresenter:
    """One count at a time: `begin`, `take` each figure as it comes, `end`."""

    def __init__(self) -> None:
        self.figures: Figures | None = None
        self.counting = False
        self.waiting = 0
        """Audited parts without an answer."""
        self._stale: set[View] = set()
        """Views whose figures are newer than what they show: each is drawn when it is on screen."""

    def begin(self, ask: Ask) -> Ask:
        """Count this from now on, instead of what was being counted."""
        self.figures, self.counting = Figures(ask), True
        return ask

    def take(self, part: FigurePart) -> ScopeChoices | None:
        """One more figure; what there is to filter by is given back, for it is no figure."""
        if part.name == "choices" and isinstance(part.value, ScopeChoices):
            return part.value
        if part.name == "waiting" and isinstance(part.value, int):
            self.waiting = part.value
        elif self.figures is not None:
            self.figures = with_part(self.figures, part)
            self._stale |= set(_VIEWS_OF[part.name])
        return None

    def end(self) -> None:
        """Everything is counted, or nothing comes any more."""
        self.counting = False

    @property
    def exportable(self) -> Figures | None:
        """The figures, once all are there and there is one at all."""
        return self.figures if self.figures is not None and not self.counting and self.figures.groups else None

    def to_draw(self, view: View) -> Figures | None:
        """What a view on screen has to show anew; None where it shows the newest, or has nothing to show."""
        if view not in self._stale or self.figures is None or self.why_empty(view):
            return None
        self._stale.discard(view)
        return self.figures

    def waiting_words(self, every: int) -> str:
        """How the audits stand; one OK part in `every` is drawn, none where 0."""
        found = self.figures.audits if self.figures else None
        if self.waiting:
            text = translate("Reports", "%n audited part(s) wait for an answer.", "", self.waiting)
        elif every:
            text = translate("Reports", "No part waits. 1 OK part in {count} is drawn.").format(count=number(every))
        else:
            text = translate("Reports", "No parts are drawn. Settings says how many: 1 OK part in so many.")
        if found is not None and len(found.one_in) > 1:
            chances = ", ".join(number(one_in) for one_in in found.one_in)
            mixed = translate("Reports", "Drawn at several chances (1 in {chances}): choose a shorter period.")
            text = f"{text} {mixed.format(chances=chances)}"
        return text

    def counted_words(self) -> str:
        """What is counted, and what of the period is not, so that no part vanishes unsaid."""
        figures = self.figures
        if figures is None or figures.origins is None:
            return ""
        said = translate("Reports", "Counted: {origin}.").format(origin=counted_words(figures.ask))
        left = left_out_words(figures)
        if not left:
            return said
        return said + " " + translate("Reports", "Not counted in this period: {parts}.").format(parts=left)

    def why_empty(self, view: View) -> str:
        """Why a view has nothing to show, and what to do; empty = it has."""
        figures = self.figures
        if figures is None or figures.groups is None:
            return translate("Reports", "Counting…") if self.counting else ""
        if not figures.groups and figures.left_out:
            return translate("Reports", "Nothing of what is counted lies in this period. Choose above what to count.")
        if not figures.groups:
            return translate(
                "Reports",
                "Nothing was inspected in this period. Choose a longer one or fewer filters, "
                "or start the line on Live.",
            )
        if view == "defects" and figures.defects == ():
            return translate("Reports", "No part was NG in this period.")
        if view == "agreement" and figures.agreement is not None and not figures.total.overridden:
            return translate("Reports", "Nobody corrected or confirmed a part of this period. Review (Ctrl+2) does it.")
        if view == "positions" and figures.positions is not None and not len(figures.positions.points):
            return translate("Reports", "No NG part of this period has a marked defect.")
        return ""
