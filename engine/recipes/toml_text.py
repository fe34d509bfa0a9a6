"""Plain values → TOML 1.0 text, which the standard library only reads: scalars, lists, tables, arrays of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def toml_of(document: Mapping[str, Any]) -> str:
    """A document of scalars, lists of scalars or lists, tables and arrays of tables, in this order; None is left out.

    Raises TypeError for any other type.
    """
    lines = _pairs({k: v for k, v in document.items() if not _is_table(v)})
    for name, value in document.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_pairs(value)]
        elif _is_table(value):
            for table in value:
                lines += ["", f"[[{name}]]", *_pairs(table)]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and isinstance(value[0], Mapping)
    return isinstance(value, Mapping)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items() if value is not None]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML string, but for the one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"TOML holds no {type(value).__name__}")
