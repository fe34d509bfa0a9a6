"""What the inspector is about to say: a draft for each part, what keys do to it, what keeping it writes. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from db.inspections.paging import Stored
from engine.domain.inspection import Mask, Outcome, Override, new_id
from engine.errors import LinesideError, UsageError
from engine.packages.manifest import Manifest
from gui.i18n.language import outcome_word, translate
from gui.notify import Kind
from gui.viewer.picture import OpenedPart


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsaved correction. `outcome` None: nothing chosen yet, saving confirms the model's verdict."""

    outcome: Outcome | None = None
    label: str = ""
    why: str = ""
    accepted: frozenset[int] | None = None
    """Regions that stand; None = not told."""
    mask: Mask | None = None
    painted: bool = False
    """True once the mask was changed: then it is saved, even when it was emptied."""

    @property
    def empty(self) -> bool:
        """True while there is nothing to save but a confirmation."""
        return self.outcome is None and not self.why and self.accepted is None and not self.painted

    def choose(self, outcome: Outcome, label: str) -> Draft:
        """Say another verdict."""
        return replace(self, outcome=outcome, label=label)

    def accept(self, index: int, standing: frozenset[int]) -> Draft:
        """Let region `index` stand. `standing`: the regions that count as right while nothing was told."""
        return replace(self, accepted=self.regions(standing) | {index})

    def reject(self, index: int, standing: frozenset[int]) -> Draft:
        """Say that region `index` is no defect; the others stay as they were."""
        return replace(self, accepted=self.regions(standing) - {index})

    def paint(self, mask: Mask | None) -> Draft:
        """Take over the painted mask."""
        return replace(self, mask=mask, painted=True)

    def regions(self, standing: frozenset[int]) -> frozenset[int]:
        """The regions that count as right."""
        return standing if self.accepted is None else self.accepted


def standing_regions(stored: Stored) -> frozenset[int]:
    """The regions that count as right before this correction: those accepted last time, else all the model found."""
    told = stored.override.accepted_regions if stored.override else None
    return frozenset(range(len(stored.inspection.marks)) if told is None else told)


def override_from(draft: Draft, stored: Stored, sound: str, operator: str, at: datetime) -> Override:
    """The override that saves `draft`; nothing chosen confirms what stands. Raises UsageError where none can be.

    Its mask is the one painted now. Paint on a part that would be OK is a contradiction and is refused.
    """
    outcome, label = chosen(draft, stored, sound)
    if outcome is Outcome.OK and draft.painted and draft.mask is not None:
        raise UsageError(
            translate("Review", "A defect is painted, but the part is to be OK."),
            translate("Review", "Choose a class, or take the paint off."),
        )
    before = stored.override.accepted_regions if stored.override else None
    told = before if draft.accepted is None else tuple(sorted(draft.accepted))
    defective = outcome is Outcome.NG
    return Override(
        id=new_id(at),
        inspection_id=stored.inspection.id,
        at=at,
        operator=operator,
        outcome=outcome,
        label=label,
        why=draft.why.strip(),
        accepted_regions=told if defective else None,
        mask=draft.mask if defective and draft.painted else None,
    )


def chosen(draft: Draft, stored: Stored, sound: str) -> tuple[Outcome, str]:
    """Outcome and class that saving would write. Raises UsageError where there is nothing to confirm."""
    if draft.outcome is not None:
        return draft.outcome, draft.label
    standing = stored.override
    if standing is not None:
        return standing.outcome, standing.label
    verdict = stored.inspection.verdict
    if verdict.outcome in (Outcome.REVIEW, Outcome.NO_VERDICT):
        raise UsageError(
            translate("Review", "The model left this part to you."),
            translate("Review", "Choose OK (O) or a class (N or a digit), then save."),
        )
    return verdict.outcome, sound if verdict.outcome is Outcome.OK else verdict.label


NEW_CLASSES_KEPT = 20
Tell = Callable[[Kind, str, str], None]
"""Kind of notice, the sentence, the remedy."""


class ReviewSession:
    """Drafts live as long as the page, so that looking at another part loses nothing; keeping one ends it.

    `manifest`: of the model in force. `changed` is called whenever the draft on screen is another one.
    """

    def __init__(self, manifest: Callable[[], Manifest | None], tell: Tell, changed: Callable[[], None]) -> None:
        self._manifest, self._tell, self._changed = manifest, tell, changed
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
        manifest = self._manifest()
        known = manifest.ok_classes if manifest else ()
        return known[0] if known else "ok"

    @property
    def classes(self) -> tuple[str, ...]:
        """The active model's defect classes, then kinds the inspectors named that it has not been taught."""
        manifest = self._manifest()
        known = manifest.class_names if manifest else ()
        sound = manifest.ok_classes if manifest else ()
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
            self._changed()

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
        self._changed()

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
        count = len(self.opened.stored.inspection.marks) if self.opened and not self.hidden else 0
        if self.opened is None or count == 0:
            none = translate("Review", "This part has no regions.")
            if self.hidden:
                none = translate("Review", "The regions are hidden while you judge blind.")
            self._tell("info", none, translate("Review", "Paint the defect with the brush (B)."))
            return
        if what == "next":
            self.select_region(0 if self.region is None else (self.region + 1) % count)
            return
        if self.region is None and count > 1:
            self._tell(
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
        self._changed()

    def discard(self) -> bool:
        """Forget what was not saved; False when there is nothing."""
        if self._drafts.pop(self._id, None) is None:
            return False
        self._changed()
        return True

    # ── keeping it ───────────────────────────────────────────────────────────────────────────────────────────────
    def take(self, operator: str, at: datetime) -> tuple[Override, Override | None] | None:
        """What keeping the draft on screen writes, and the word whose painted mask it keeps.

        None when there is nothing that could be kept, and the inspector was told why. `kept` or `failed` ends it.
        """
        opened = self.opened
        if opened is None or self._id in self._saving:
            return None
        if self.hidden and self.draft.outcome is None:
            self._tell(
                "warning",
                translate("Review", "You judge blind: say your own word first."),
                translate("Review", "Press O, R, N or a digit, then save."),
            )
            return None
        try:
            override = override_from(self.draft, opened.stored, self.sound, operator, at)
        except LinesideError as error:
            self._tell("warning", error.message, error.remedy)
            return None
        self._saving.add(self._id)
        return override, None if self.draft.painted else opened.stored.override

    def take_for(self, ids: Set[str]) -> Draft | None:
        """The draft that is kept for several parts; None when none is chosen, or one of them is being kept."""
        if not self.can_keep_many() or self._saving & ids:
            return None
        self._saving |= ids
        return self.draft

    def can_keep_many(self) -> bool:
        """True when a verdict is chosen; otherwise says what to do."""
        if self.draft.outcome is None:
            self._tell(
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

    def kept(self, override: Override) -> None:
        """The draft of this part is stored."""
        self._saving.discard(override.inspection_id)
        self._drafts.pop(override.inspection_id, None)
        if self.opened is not None and self._id == override.inspection_id:
            # At once, not with the row's next reading: a second word right after must build on this one.
            stored = replace(self.opened.stored, override=override)
            self.opened = replace(self.opened, stored=stored, painted=override.mask)
            self._changed()

    def kept_many(self, asked: Set[str], ids: Iterable[str]) -> None:
        """Of the parts asked for, these are stored."""
        self._saving -= asked
        for id in ids:
            self._drafts.pop(id, None)

    def failed(self, ids: Set[str]) -> None:
        """These could not be stored; their drafts stay."""
        self._saving -= ids

    @property
    def _id(self) -> str:
        return self.opened.stored.inspection.id if self.opened else ""

    def _put(self, draft: Draft) -> None:
        if self.opened is not None:
            self._drafts[self._id] = draft
            self._changed()
