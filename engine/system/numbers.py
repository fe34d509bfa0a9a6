"""Numbers as a person types them: finite, and no larger than anything that is counted or measured here.

Types for argparse, which puts the option's name before what they say; whether a number fits where it is used is said
there.
"""

from __future__ import annotations

import argparse
import math

MOST = 1_000_000_000
_SHOWN = 40
"""So much of a text that is no number is repeated."""


def whole(text: str) -> int:
    """A whole number, MOST at most either way. Raises argparse.ArgumentTypeError."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:_SHOWN]!r} is no whole number") from None
    _check(value, text)
    return value


def number(text: str) -> float:
    """A finite number, MOST at most either way. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text[:_SHOWN]!r} is no number; write it like 0.5")
    _check(value, text)
    return value


def _check(value: float, text: str) -> None:
    if abs(value) > MOST:
        raise argparse.ArgumentTypeError(f"{text[:_SHOWN]} is not from -{MOST:,} to {MOST:,}")
