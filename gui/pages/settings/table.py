"""Which settings there are, section by section; made anew with the page, in the language in force."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import InputError
from gui.forms.rows import Choices, Field, Range, Switch, Words
from gui.i18n.language import available, of_system, percent, translate

SCALES = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
MOST_SHIFTS = 24
MOST_OPERATORS = 200
NAME_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its fields. `locked`: it asks for an engineer where the station requires PINs."""

    name: str
    title: str
    fields: tuple[Field, ...] = ()
    locked: bool = False


def sections() -> tuple[Section, ...]:
    """All of them, in their order on the page."""
    return (
        Section("station", translate("Settings", "Station"), _station()),
        Section("products", translate("Settings", "Products"), locked=True),
        Section("look", translate("Settings", "Look"), _look()),
        Section("sounds", translate("Settings", "Sounds"), _sounds()),
        Section("shifts", translate("Settings", "Shifts"), _shifts()),
        Section("alarms", translate("Settings", "Alarms"), _alarms(), True),
        Section("pictures", translate("Settings", "Pictures"), _pictures(), True),
        Section("audits", translate("Settings", "Random audits"), _audits(), True),
        Section("users", translate("Settings", "Users"), _users(), True),
        Section("trainer", translate("Settings", "Trainer"), _trainer(), True),
        Section("data", translate("Settings", "Data folder")),
        Section("keys", translate("Settings", "Keys")),
        Section("about", translate("Settings", "About")),
    )


def _station() -> tuple[Field, ...]:
    return (
        Field(
            "station",
            translate("Settings", "Name of the station"),
            translate("Settings", "Stands in every record and report."),
            Words(_read_station, longest=NAME_LENGTH),
            judges=True,
        ),
        Field(
            "operators",
            translate("Settings", "Names offered"),
            translate("Settings", "Operators without a PIN, separated by commas. Users have their own section."),
            Words(_read_names, ", ".join, longest=8000),
        ),
    )


def _look() -> tuple[Field, ...]:
    system = translate("Settings", "As the system ({language})").format(language=available()[of_system()])
    return (
        Field(
            "theme",
            translate("Settings", "Theme"),
            translate("Settings", "Dark suits dim halls, light suits daylight."),
            Choices(
                {
                    "dark": translate("Settings", "Dark"),
                    "light": translate("Settings", "Light"),
                    "contrast": translate("Settings", "High contrast"),
                }
            ),
        ),
        Field(
            "language",
            translate("Settings", "Language"),
            translate("Settings", "Numbers and dates follow it."),
            Choices({"": system, **available()}),
        ),
        Field(
            "scale",
            translate("Settings", "Size of type"),
            translate("Settings", "Larger type is read from farther away."),
            Choices({scale: percent(scale, 0) for scale in SCALES}),
        ),
        Field(
            "touch",
            translate("Settings", "Touch screen"),
            translate("Settings", "Every button and field is at least 44 pixels high."),
            Switch(),
        ),
    )


def _sounds() -> tuple[Field, ...]:
    return (
        Field(
            "sounds",
            translate("Settings", "Sounds"),
            translate("Settings", "An alarm repeats its tone until somebody acknowledges it."),
            Switch(),
        ),
    )


def _shifts() -> tuple[Field, ...]:
    return (
        Field(
            "shifts",
            translate("Settings", "Shifts begin at"),
            translate("Settings", "Local times, separated by commas, such as 06:00, 14:00, 22:00."),
            Words(read_shifts, ", ".join),
            judges=True,
        ),
    )


def _alarms() -> tuple[Field, ...]:
    off = translate("Settings", "Off")
    parts = translate("Settings", "parts")
    return (
        Field(
            "alarms.ng_in_row",
            translate("Settings", "NG one after the other"),
            translate("Settings", "So many NG in a row call somebody."),
            Range(0, 1000, parts, off),
            judges=True,
        ),
        Field(
            "alarms.ng_rate",
            translate("Settings", "Share of NG above"),
            translate("Settings", "Too many NG among the last parts call somebody."),
            Range(0, 100, "%", off, factor=100),
            judges=True,
        ),
        Field(
            "alarms.rate_parts",
            translate("Settings", "Parts the share is taken of"),
            translate("Settings", "The fewer, the sooner it calls, and the more often for nothing."),
            Range(5, 10_000, parts),
            judges=True,
        ),
        Field(
            "alarms.same_place",
            translate("Settings", "Defect at the same place"),
            translate("Settings", "On so many parts in a row: a dirty lens or a tool mark."),
            Range(0, 100, parts, off),
            judges=True,
        ),
        *_unknown_alarm(),
    )


def _unknown_alarm() -> tuple[Field, ...]:
    parts = translate("Settings", "parts")
    return (
        Field(
            "alarms.unknown",
            translate("Settings", "Unknown parts"),
            translate("Settings", "So many that the model does not know call somebody: another product?"),
            Range(0, 1000, parts, translate("Settings", "Off")),
            judges=True,
        ),
        Field(
            "alarms.unknown_parts",
            translate("Settings", "Among the last"),
            translate("Settings", "Parts the unknown ones are counted in."),
            Range(1, 1000, parts),
            judges=True,
        ),
    )


def _pictures() -> tuple[Field, ...]:
    for_ever = translate("Settings", "For ever")
    return (
        Field(
            "retention.days",
            translate("Settings", "Keep pictures for"),
            translate("Settings", "Older ones are removed for good. Verdicts and corrections always stay."),
            Range(0, 36_500, translate("Settings", "days"), for_ever),
            judges=True,
        ),
        Field(
            "retention.gigabytes",
            translate("Settings", "Keep pictures up to"),
            translate("Settings", "Beyond this size the oldest are removed."),
            Range(0, 1_000_000, "GB", translate("Settings", "Any size"), decimals=1, step=10),
            judges=True,
        ),
        Field(
            "retention.keep_corrected",
            translate("Settings", "Keep corrected pictures"),
            translate("Settings", "The model learns from them. Those not yet exported stay in any case."),
            Switch(),
            judges=True,
        ),
    )


def _audits() -> tuple[Field, ...]:
    return (
        Field(
            "audit_every",
            translate("Settings", "Look at one OK part in"),
            translate(
                "Settings",
                "Drawn by chance for a person who does not see the verdict: the only honest count of what escapes.",
            ),
            Range(0, 1_000_000, "", translate("Settings", "None")),
            judges=True,
        ),
    )


def _users() -> tuple[Field, ...]:
    return (
        Field(
            "pin_required",
            translate("Settings", "Require a PIN"),
            translate(
                "Settings",
                "Whoever takes over the station gives a PIN; an engineer confirms models, recipes and rules.",
            ),
            Switch(),
            judges=True,
        ),
    )


def _trainer() -> tuple[Field, ...]:
    return (
        Field(
            "trainer",
            translate("Settings", "Place of the trainer"),
            translate("Settings", "A Python with Lineside's trainer, or its program; empty = looked for."),
            Words(str.strip, empty=translate("Settings", "Looked for"), longest=1000),
            judges=True,
        ),
    )


def _read_station(text: str) -> str:
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise InputError(translate("Settings", "A station has a name of 1 to 64 letters."))
    return name


def _read_names(text: str) -> list[str]:
    names = list(dict.fromkeys(name for part in text.split(",") if (name := " ".join(part.split()))))
    if len(names) > MOST_OPERATORS or any(len(name) > NAME_LENGTH or not name.isprintable() for name in names):
        raise InputError(translate("Settings", "Up to 200 names of 1 to 64 letters each."))
    return names


def read_shifts(text: str) -> list[str]:
    """`6:00, 14:00` as the settings hold them: HH:MM, in order. Raises InputError, with what is allowed."""
    found = set()
    for part in (part.strip() for part in text.replace(";", ",").split(",")):
        matched = _CLOCK.fullmatch(part)
        if matched is None:
            raise InputError(translate("Settings", "Write 1 to 24 times as HH:MM, separated by commas."))
        found.add(f"{int(matched[1]):02}:{matched[2]}")
    if len(found) > MOST_SHIFTS:
        raise InputError(translate("Settings", "Write 1 to 24 times as HH:MM, separated by commas."))
    return sorted(found)
