"""What is said of a key that a recipe file cannot have: a sentence, and the remedy for the usual mistakes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from pydantic_core import ErrorDetails

from engine.domain.recipe import SavingPolicy
from engine.errors import InputError
from engine.recipes.camera import TAKT, ImagingFile
from engine.recipes.rules import ClassFile, GuardFile, LimitsFile
from engine.recipes.view import ReferenceFile, TilesFile
from engine.sources.base import SETTINGS

_TABLES: dict[str, Collection[str]] = {
    "[limits]": LimitsFile.model_fields,
    "[[classes]]": ClassFile.model_fields,
    "[guard]": GuardFile.model_fields,
    "[saving]": [field.name for field in fields(SavingPolicy)],
    "[tiles]": TilesFile.model_fields,
    "[reference]": ReferenceFile.model_fields,
    "[camera]": [*SETTINGS, TAKT],
    "[imaging]": ImagingFile.model_fields,
}
"""The keys that each table takes: to tell of one that stands at the top where it belongs."""


def fault_of(shown: str, first: ErrorDetails) -> InputError:
    """Of pydantic's first error: a key in the wrong place and a percentage are told as what they are."""
    loc, given = first["loc"], first.get("input")
    key = ".".join(map(str, loc))
    if first["type"] == "extra_forbidden":
        places = [table for table, keys in _TABLES.items() if loc[-1] in keys]
        remedy = f"It belongs into {' or '.join(places)}." if len(loc) == 1 and places else "Take it out."
        return InputError(f"{shown} is not valid at {key}: there is no such key.", remedy)
    if first.get("ctx", {}).get("le") == 1 and isinstance(given, int | float) and 1 < given <= 100:
        share = f"For {given:g} % write {given / 100:g}."
        return InputError(f"{shown} is not valid at {key}: it is more than 1.", share)
    return InputError(f"{shown} is not valid at {key}: {first['msg']}.", "Correct that key.")
