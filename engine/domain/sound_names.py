"""The one rule of which names say that a part is sound, and which that it is defective: of folders, classes and flags.

Read at the first glance or not at all: `ok_front`, `00_Good`, `i.O.` and `MT_Free` say sound; `def_front`, `NG` and
`n.i.O.` say defective, of a kind that they do not tell; `scratch`, `ok_scratched` and `abc` say nothing by themselves.
Whoever knows better says which is which, and that goes before the rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum


class Said(StrEnum):
    """What a name says of a part."""

    SOUND = "sound"
    DEFECT = "defect"
    NOTHING = ""


_SOUND = """
ok okay good free normal sound intact pass passed accept accepted acceptable io background gut gute guteil gutteil
gutteile fehlerfrei fehlerlos defektfrei einwandfrei
mängelfrei maengelfrei inordnung conforme nodefect nodefects nodefective defectfree defectless nondefect
nondefective notdefect notdefective undamaged undefected nodamage nofault nofaults faultfree noanomaly noanomalies
nonanomalous noerror noerrors errorfree noflaw flawless notng noissue noissues 良品 合格 合格品
"""
_DEFECT = """
ng nok notok nio notgood nogood ungood bad bads def defs defect defects defective defected defectives anomaly
anomalies anomalous abnormal abnormality abnormalities notnormal unnormal fail fails failed failure fault faults
faulty flaw flaws flawed reject rejects rejected rejection scrap unacceptable notpass notpassed unsound schlecht
schlechte schlechtteil schlechtteile ausschuss fehler fehlerhaft fehlteile defekt defekte nichtinordnung nichtio
nonconforme 不良 不良品 不合格 不合格品
"""
_BESIDE = """
part parts piece pieces product products sample samples image images img imgs picture pictures pic pics photo photos
class cls label labels data set dataset train test val the all mt teil teile bild bilder front back rear top bottom
left right side inner outer inside outside upper lower view cam camera cameras vorne vorn hinten oben unten links
rechts seite innen aussen kamera ansicht lot lots batch batches line station shift charge schicht linie
copy copies kopie kopien
"""
"""Words that say which parts, seen from where: beside another they change nothing."""
_SAID = {word: said for said, words in ((Said.SOUND, _SOUND), (Said.DEFECT, _DEFECT)) for word in words.split()}
_PASSED_OVER = frozenset(_BESIDE.split())
_DOUBT = frozenset("!?≠¬！？")
_WORDS = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")


def said_by(name: str) -> Said:
    """What the name of a folder, a class or a flag says of a part, whatever its case, its numbers and its signs."""
    # macOS takes a letter and its accent apart; a zip from Japan has full-width letters.
    words = _WORDS.findall(_HUMP.sub(" ", unicodedata.normalize("NFKC", name)).casefold())
    if _DOUBT & set(name):
        # `!OK` denies it and `OK?` asks.
        return Said.NOTHING
    plain = [word for word in words if word not in _PASSED_OVER and not _is_mark(word)]
    return _SAID.get("".join(words)) or _SAID.get("".join(plain), Said.NOTHING)


def is_sound(name: str, known: Collection[str] = (), sound: Collection[str] = ()) -> bool:
    """Whether parts of that name are sound: of the classes `known` those in `sound`; any other says it by its name."""
    return name in sound if name in known else name in sound or said_by(name) is Said.SOUND


def _is_mark(word: str) -> bool:
    """A letter that tells a side or a lot (`ok_a`); those of i.O. and n.i.O. are none."""
    return len(word) == 1 and word.isascii() and word not in "ino"
