"""The station's one time zone, by name: screen, paper and tables are in it; JSON and the database are in UTC."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

LINK, LISTED = Path("/etc/localtime"), Path("/etc/timezone")


def zone_words(*times: datetime) -> str:
    """The zone with its difference from UTC at these times, now without any: `Europe/Berlin (UTC+1)`.

    Times on both sides of a change of the clock have two: `Europe/Berlin (UTC+1/+2)`.
    """
    name, offsets = zone_name(), sorted({_offset(at) for at in times or (datetime.now(UTC),)})
    return name if name == "UTC" else f"{name} (UTC{'/'.join(map(_signed, offsets))})"


def local_words(at: datetime) -> str:
    """A time with its zone: `2026-11-20 09:30, Europe/Berlin (UTC+1)`."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}, {zone_words(at)}"


def zone_name() -> str:
    """As the tz database names it, where the system tells; else what the system calls its clock now."""
    given = os.environ.get("TZ")
    if given:
        return _known(given.removeprefix(":")) or _abbreviation()
    return _linked() or _listed() or _abbreviation()


def _linked() -> str:
    try:
        place = LINK.resolve(strict=True).as_posix()
    except OSError:
        return ""
    return _known(place.partition("zoneinfo/")[2])


def _listed() -> str:
    try:
        return _known(LISTED.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def _known(name: str) -> str:
    """The name if it is one; those of UTC are one name."""
    if name in {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu"}:
        return "UTC"
    return name if name in available_timezones() else ""


def _abbreviation() -> str:
    return datetime.now(UTC).astimezone().tzname() or "local time"


def _offset(at: datetime) -> timedelta:
    return at.astimezone().utcoffset() or timedelta()


def _signed(offset: timedelta) -> str:
    minutes = round(abs(offset).total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    return f"{'-' if offset < timedelta() else '+'}{hours}{f':{rest:02d}' if rest else ''}"
