"""The rules of the Settings page: who may change what, how a change is taken, what of it is noted and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from engine.settings import StationSettings

Way = Literal["retention", "pin", "immediately"]
Effect = Literal["theme", "language", "size", "tone", "trainer", "lock", ""]
_EFFECTS: dict[str, Effect] = {
    "theme": "theme",
    "language": "language",
    "scale": "size",
    "touch": "size",
    "trainer": "trainer",
    "pin_required": "lock",
}


class Station(Protocol):
    """What the rules ask of the station."""

    settings: StationSettings

    @property
    def operator(self) -> str:
        """Who works here."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that was taken. `note`: what the audit trail keeps of it; empty = nothing."""

    note: str
    effect: Effect


class SettingsPresenter:
    """Where the station requires PINs, what touches judgement or records waits for an engineer."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._engineer = ""

    @property
    def locked(self) -> bool:
        """Whether an engineer has to unlock first."""
        return self._station.settings.pin_required and not self._engineer

    @property
    def who(self) -> str:
        """Whose change it is: the engineer who unlocked, else who works here."""
        return self._engineer or self._station.operator

    def unlock(self, name: str) -> None:
        """This engineer was asked and may change everything until the page is left."""
        self._engineer = name

    def leave(self) -> None:
        """Whoever leaves the page locks it."""
        self._engineer = ""

    def value(self, key: str) -> Any:
        """The value at `key`, a place with dots."""
        found: Any = self._station.settings
        for name in key.split("."):
            found = getattr(found, name)
        return found

    @staticmethod
    def way(key: str) -> Way:
        """Pictures may be lost by it: asked first; a PIN may be missing: looked at first; all else at once."""
        if key.startswith("retention."):
            return "retention"
        return "pin" if key == "pin_required" else "immediately"

    def put(self, key: str, value: Any, *, judges: bool) -> Change | None:
        """Take this value; None where it cannot be used, and nothing is changed. `judges`: it is for the trail."""
        before = self.value(key)
        *places, name = key.split(".")
        owner: Any = self._station.settings
        for place in places:
            owner = getattr(owner, place)
        try:
            setattr(owner, name, value)
        except ValueError:
            return None
        if key == "pin_required" and value:
            # Whoever asked for the lock is not locked out by it.
            self._engineer = self.who
        return Change(f"{key}: {before} → {value}" if judges and before != value else "", _effect(key, value))


def _effect(key: str, value: Any) -> Effect:
    if key == "sounds":
        return "tone" if value else ""
    return _EFFECTS.get(key, "")
