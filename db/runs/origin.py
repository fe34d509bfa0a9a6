"""What the parts of a run are judged for, written with each of them."""

from __future__ import annotations

from typing import Final

from engine.domain.inspection import Origin
from engine.sources.catalogue import is_simulated

JUDGED_FOR: Final = "parts judged for"
"""How a change of it stands in the trail."""


def recorded_as(source: str, wanted: Origin) -> Origin:
    """`wanted`, but for the demo line: its parts are simulated, whatever was said."""
    return Origin.SIMULATED if is_simulated(source) else wanted
