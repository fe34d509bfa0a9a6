"""Why picture data gives no picture."""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """What is wrong with picture data."""

    DAMAGED = "damaged"
    """Some of it is missing or was changed: what a decoder makes of the rest is not the part."""
    UNWRITTEN = "unwritten"
    """Its last rows were never written: the file was given its size before its data."""
    FOREIGN = "foreign"
    """It does not begin as any picture does."""
    KIND = "kind"
    """Whole as it may be, this kind is not read."""
    VALUES = "values"
    """Its numbers are not 8 or 16 bits."""
    CHANNELS = "channels"
    """It has neither one channel nor three."""
    LARGE = "large"
    """More pixels than are read."""


class Undecodable(Exception):
    """Data that gives no picture. `detail` is the decoder's own word, or what the fault names."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault, self.detail = fault, detail
