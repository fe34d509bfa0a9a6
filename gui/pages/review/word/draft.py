"""What the inspector is about to say of a part, before it is saved: pure, one draft for each part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from db.inspections.paging import Stored
from engine.domain.inspection import Inspection, Mask, Outcome, Override, new_id
from engine.errors import UsageError
from gui.i18n.language import translate


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
    return frozenset(range(len(stored.inspection.regions)) if told is None else told)


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


def disagrees(override: Override, inspection: Inspection) -> bool:
    """True where the inspector says another outcome than the model, or another class of defect."""
    verdict = inspection.verdict
    if override.outcome is not verdict.outcome:
        return True
    return override.outcome is Outcome.NG and bool(override.label) and override.label != verdict.label
