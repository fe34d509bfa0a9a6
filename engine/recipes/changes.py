"""What differs between two recipes, key by key, as their files have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SILENT = ("schema", "version")


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs; None = it is not there. `key` is dotted, a class by its name: `classes.crack.ng_at`."""

    key: str
    before: object
    after: object


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every key in which two recipe documents (engine.recipes.file.recipe_document) differ, in the files' order."""
    old, new = _flat(before), _flat(after)
    keys = dict.fromkeys([*old, *new])
    return tuple(
        Change(key, old.get(key), new.get(key))
        for key in keys
        if key not in SILENT and not _alike(old.get(key), new.get(key))
    )


def _flat(document: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found |= {f"{key}.{name}": inner for name, inner in value.items()}
        elif key == "classes" and isinstance(value, list):
            for rule in value:
                inner = {name: v for name, v in rule.items() if name != "name"}
                found |= {f"classes.{rule.get('name', '')}.{name}": v for name, v in inner.items()}
        else:
            found[key] = value
    return found


def _alike(one: object, other: object) -> bool:
    """Equal, and of one kind: False is not 0."""
    return one == other and (isinstance(one, bool) == isinstance(other, bool))
