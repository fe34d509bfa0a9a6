"""What the parts of a run are judged for, written with each of them."""

from __future__ import annotations

from engine.domain.inspection import Origin
from engine.sources.catalogue import is_simulated


def recorded_as(source: str, wanted: Origin) -> Origin:
    """`wanted`, but for the demo line: its parts are simulated, whatever was said."""
    return Origin.SIMULATED if is_simulated(source) else wanted
