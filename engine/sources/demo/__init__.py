"""The demo line's parts, made by calculation: metal, defects and truth from a seed."""

from __future__ import annotations

from engine.sources.demo.defects import ALL_KINDS, KINDS, UNTAUGHT
from engine.sources.demo.maker import DEFECT_RATE, OK, DemoPart, PartMaker
from engine.sources.demo.shapes import HEIGHT, WIDTH

__all__ = ["ALL_KINDS", "DEFECT_RATE", "HEIGHT", "KINDS", "OK", "UNTAUGHT", "WIDTH", "DemoPart", "PartMaker"]
