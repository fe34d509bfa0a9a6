"""Labels that are not used, and what that means for pictures without one.

A reader never drops a label in silence: it names it here with the reason. While there is one, a picture without any
label is not known to be sound, for the label may have been meant for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from engine.errors import DatasetError, PictureError
from engine.names import name_of, one_line

MAX_TOLD = 20
"""So many of them a person is shown by name."""
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Unused:
    """A label, mask or box that teaches nothing: where it stands, and why it is not used."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(slots=True)
class Leftovers:
    """What a reader could not use, as it goes along."""

    found: list[Unused] = field(default_factory=list)
    refusing: bool = False
    """Nothing may be left: what cannot be used is raised."""

    def add(self, where: object, reason: str) -> None:
        """One more."""
        self.found.append(Unused(name_of(str(where)), one_line(reason)))

    def unless_read(self, where: object, read: Callable[[], _Read]) -> _Read | None:
        """What `read` gives; None where it raises DatasetError or PictureError: its sentence is then the reason."""
        try:
            return read()
        except (DatasetError, PictureError) as error:
            if self.refusing:
                raise
            self.add(where, error.message.removeprefix(one_line(f"{where} ")))
            return None


def refuse_doubt(name: str, unused: Sequence[Unused], assumed: int) -> None:
    """Raise DatasetError where labels are not used while pictures would be sound for want of one."""
    if unused and assumed:
        raise DatasetError(
            f"In {name} {in_short(unused)}, and {_pictures(assumed)} without a label would be taken for sound.",
            "Look with `lineside data inspect`, mend the labels, or say --without-label ok.",
        )


def in_short(unused: Sequence[Unused]) -> str:
    """How many labels are not used, and the first of them; there is one at least."""
    labels = f"{len(unused)} labels are" if len(unused) > 1 else "one label is"
    return f"{labels} not used ({str(unused[0]).rstrip('.')})"


def doubt_notes(unused: Sequence[Unused], assumed: int) -> tuple[str, ...]:
    """What a training or evaluation says of labels that are not used; empty where all are."""
    if not unused:
        return ()
    taken = f", and {_pictures(assumed)} without a label taken for sound" if assumed else ""
    words = in_short(unused)
    return (f"{words[0].upper()}{words[1:]}{taken}.",)


def _pictures(count: int) -> str:
    return f"{count} pictures" if count > 1 else "one picture"
