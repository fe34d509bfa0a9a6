"""The inspector's side of Review: the draft of each part, what a key does to it, saving and undo. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from db.inspections.comments import Comment, add_comment
from db.inspections.overrides import undo_last
from db.inspections.paging import Stored
from engine.domain.inspection import Mask, Outcome, Override, utc_now
from engine.errors import LinesideError
from gui.context import AppContext
from gui.i18n.language import outcome_word, translate
from gui.jobs.jobs import Job
from gui.pages.review.word.draft import Draft, chosen, override_from, standing_regions
from gui.pages.review.word.save import SavedMany, keep, keep_many
from gui.viewer.picture import OpenedPart

NEW_CLASSES_KEPT = 20


class ReviewSession(QObject):
    """Drafts live as long as the page, so that looking at another part loses nothing; saving ends one.

    `changed`: the draft on screen is another one now. `saved`: ids of the parts whose override changed. `undone`: the
    id of the part whose last correction was taken back.
    """

    changed = Signal()
    saved = Signal(object)
    undone = Signal(str)
    commented = Signal(object)
    """Ids of the parts that have a new comment."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._drafts: dict[str, Draft] = {}
        self._learned: dict[str, None] = {}
        self.opened: OpenedPart | None = None
        self.region: int | None = None
        self._saving: set[str] = set()
        self._blind = False

    # ── what there is to say ─────────────────────────────────────────────────────────────────────────────────────
    @property
    def sound(self) -> str:
        """The class of a sound part."""
        package = self._context.package
        known = package.manifest.ok_classes if package else ()
        return known[0] if known else "ok"

    @property
    def classes(self) -> tuple[str, ...]:
        """The active model's defect classes, then kinds the inspectors named that it has not been taught."""
        package = self._context.package
        known = package.manifest.class_names if package else ()
        sound = package.manifest.ok_classes if package else ()
        taught = tuple(name for name in known if name not in sound)
        return taught + tuple(name for name in self._learned if name not in known)

    def learn(self, parts: Sequence[Stored]) -> None:
        """Take over kinds that earlier corrections named."""
        before = len(self._learned)
        for stored in parts:
            override = stored.override
            named = override is not None and override.outcome is Outcome.NG and override.label
            if override is not None and named and len(self._learned) < NEW_CLASSES_KEPT:
                self._learned.setdefault(override.label)
        if len(self._learned) != before:
            self.changed.emit()

    def set_blind(self, blind: bool) -> None:
        """Judge without what the model says, or with it."""
        self._blind = blind

    @property
    def hidden(self) -> bool:
        """Whether what the model says of the part on screen is hidden: blind, and nobody said a word yet."""
        return self._blind and self.opened is not None and self.opened.stored.override is None

    # ── the draft ────────────────────────────────────────────────────────────────────────────────────────────────
    def open(self, opened: OpenedPart | None) -> None:
        """Another part is on screen, or more of the same one."""
        same = opened is not None and opened.stored.inspection.id == self._id
        self.opened, self.region = opened, self.region if same else None
        self.changed.emit()

    @property
    def draft(self) -> Draft:
        """What is about to be said of the part on screen."""
        return self._drafts.get(self._id, Draft())

    @property
    def mask(self) -> Mask | None:
        """The mask on screen: painted now, else painted before."""
        if self.draft.painted:
            return self.draft.mask
        return self.opened.painted if self.opened else None

    @property
    def standing(self) -> frozenset[int] | None:
        """Regions that stand; None while nobody said anything of them."""
        if self.opened is None or self.hidden:
            return None
        told = self.opened.stored.override is not None and self.opened.stored.override.accepted_regions is not None
        if self.draft.accepted is None and not told:
            return None
        return self.draft.regions(standing_regions(self.opened.stored))

    def choose(self, outcome: Outcome, label: str) -> None:
        """Say another verdict; a class the model does not know joins the list."""
        if outcome is Outcome.NG and label and label not in self.classes:
            self._learned.setdefault(label)
        self._put(self.draft.choose(outcome, self.sound if outcome is Outcome.OK else label))

    def type_why(self, text: str) -> None:
        """The reason, as it is typed."""
        self._put(replace(self.draft, why=text))

    def paint(self, mask: Mask | None) -> None:
        """The mask changed by hand: a painted part is a defect, so an OK that was chosen gives way."""
        draft = self.draft.paint(None if mask is None else mask.copy())
        if mask is not None and draft.outcome is Outcome.OK:
            draft = replace(draft, outcome=None, label="")
        self._put(draft)

    def tell_region(self, what: str) -> None:
        """`next` selects the next region, `accept` and `reject` say whether the selected one is a defect."""
        count = len(self.opened.stored.inspection.regions) if self.opened and not self.hidden else 0
        if self.opened is None or count == 0:
            none = translate("Review", "This part has no regions.")
            if self.hidden:
                none = translate("Review", "The regions are hidden while you judge blind.")
            self._context.notify("info", none, translate("Review", "Paint the defect with the brush (B)."))
            return
        if what == "next":
            self.select_region(0 if self.region is None else (self.region + 1) % count)
            return
        if self.region is None and count > 1:
            self._context.notify(
                "info",
                translate("Review", "No region is selected."),
                translate("Review", "Click one, or press G for the next."),
            )
            return
        self.region = self.region or 0
        change = self.draft.accept if what == "accept" else self.draft.reject
        self._put(change(self.region, standing_regions(self.opened.stored)))

    def select_region(self, index: int) -> None:
        """Select a region of the part on screen."""
        self.region = index
        self.changed.emit()

    def discard(self) -> bool:
        """Forget what was not saved; False when there is nothing."""
        if self._drafts.pop(self._id, None) is None:
            return False
        self.changed.emit()
        return True

    # ── keeping it ───────────────────────────────────────────────────────────────────────────────────────────────
    def save(self) -> bool:
        """Keep the draft of the part on screen, on a job; False when there is nothing that could be kept."""
        opened = self.opened
        if opened is None or self._id in self._saving:
            return False
        if self.hidden and self.draft.outcome is None:
            self._context.notify(
                "warning",
                translate("Review", "You judge blind: say your own word first."),
                translate("Review", "Press O, R, N or a digit, then save."),
            )
            return False
        try:
            override = override_from(self.draft, opened.stored, self.sound, self._context.operator, utc_now())
        except LinesideError as error:
            self._context.notify("warning", error.message, error.remedy)
            return False
        db, recorder, id = self._context.db, self._context.recorder, self._id
        before = None if self.draft.painted else opened.stored.override
        self._saving.add(id)
        self._context.jobs.run(
            lambda: keep(db, recorder, override, before), self._kept, lambda error: self._failed((id,), error)
        )
        return True

    def save_many(self, parts: Sequence[Stored]) -> bool:
        """Say the same of several parts; asked before by the page. False when nothing was chosen."""
        ids = {s.inspection.id for s in parts}
        if not self.can_save_many() or self._saving & ids:
            return False
        db, recorder, draft = self._context.db, self._context.recorder, self.draft
        sound, operator = self.sound, self._context.operator
        self._saving |= ids

        def work(job: Job, report: Callable[[int], None]) -> SavedMany:
            return keep_many(db, recorder, parts, draft, sound, operator, job, report)

        def kept(saved: SavedMany) -> None:
            self._saving -= ids
            self._kept_many(saved)

        self._context.jobs.stream(work, lambda _done: None, kept, lambda error: self._failed(tuple(ids), error))
        return True

    def can_save_many(self) -> bool:
        """True when a verdict is chosen; otherwise says what to do."""
        if self.draft.outcome is None:
            self._context.notify(
                "warning",
                translate("Review", "Nothing is chosen for these parts."),
                translate("Review", "Press O, R, N or a digit first."),
            )
        return self.draft.outcome is not None

    def says(self) -> str:
        """The verdict chosen, in words."""
        if self.opened is None:
            return ""
        outcome, label = chosen(self.draft, self.opened.stored, self.sound)
        word = outcome_word(outcome)
        return f"{word} {label}".strip() if outcome is Outcome.NG else word

    def comment(self, parts: Sequence[Stored], text: str) -> None:
        """Note the same on each of these parts, on a job."""
        ids = tuple(s.inspection.id for s in parts)
        db, who = self._context.db, self._context.operator

        def work() -> Comment:
            return add_comment(db, ids, who, text, utc_now())

        self._context.jobs.run(work, lambda _comment: self.commented.emit(ids))

    def undo(self) -> None:
        """Take this operator's last saved override back; it is appended, nothing is deleted."""
        db, operator = self._context.db, self._context.operator
        self._context.jobs.run(lambda: undo_last(db, operator, utc_now()), self._undone)

    def _kept(self, override: Override) -> None:
        self._saving.discard(override.inspection_id)
        self._drafts.pop(override.inspection_id, None)
        if self.opened is not None and self._id == override.inspection_id:
            # At once, not with the row's next reading: a second word right after must build on this one.
            stored = replace(self.opened.stored, override=override)
            self.opened = replace(self.opened, stored=stored, painted=override.mask)
            self.changed.emit()
        self._tell((override.inspection_id,))

    def _kept_many(self, kept: SavedMany) -> None:
        for id in kept.ids:
            self._drafts.pop(id, None)
        self._context.notify(
            "info",
            translate("Review", "The correction of %n part(s) is saved.", "", len(kept.ids)),
            translate("Review", "Ctrl+Z takes one back."),
        )
        self._tell(kept.ids)

    def _undone(self, undo: Override | None) -> None:
        if undo is None:
            self._context.notify("info", translate("Review", "There is nothing of yours to undo."))
            return
        said = f"{outcome_word(undo.outcome)} {undo.label}".strip()
        self._context.notify("info", translate("Review", "Your {said} is undone.").format(said=said))
        self._tell((undo.inspection_id,))
        self.undone.emit(undo.inspection_id)

    def _tell(self, ids: tuple[str, ...]) -> None:
        for id in ids:
            self._context.overridden.emit(id)
        self.saved.emit(ids)

    def _failed(self, ids: tuple[str, ...], error: Exception) -> None:
        self._saving -= set(ids)
        self._context.jobs.failed.emit(error)

    @property
    def _id(self) -> str:
        return self.opened.stored.inspection.id if self.opened else ""

    def _put(self, draft: Draft) -> None:
        if self.opened is not None:
            self._drafts[self._id] = draft
            self.changed.emit()
