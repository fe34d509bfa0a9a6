"""What a folder holds besides its pictures, in words. No widgets."""

from __future__ import annotations

from collections.abc import Sequence

from engine.images.listing import LeftOut, Why, counts, remedies, unread_kinds
from gui.i18n.language import number, translate
from gui.i18n.messages import translated


def why_words(why: Why, count: int) -> str:
    """So many, and why."""
    return {
        Why.MASK: lambda: translate("Scan", "%n mask(s) by name", "", count),
        Why.LINK: lambda: translate("Scan", "%n linked folder(s)", "", count),
        Why.NO_FILE: lambda: translate("Scan", "%n pipe(s), device(s) or broken link(s)", "", count),
        Why.UNREAD: lambda: translate("Scan", "%n file(s) of a kind that is not read", "", count),
        Why.UNFINISHED: lambda: translate("Scan", "%n file(s) unfinished by name", "", count),
        Why.UNSORTED: lambda: translate("Scan", "%n picture(s) in no sub-folder", "", count),
        Why.NOT_ENTERED: lambda: translate("Scan", "%n sub-folder(s)", "", count),
        Why.DEEPER: lambda: translate("Scan", "%n sub-folder(s)", "", count),
        Why.HIDDEN: lambda: translate("Scan", "%n hidden file(s) or folder(s)", "", count),
        Why.NO_PICTURE: lambda: translate("Scan", "%n other file(s)", "", count),
    }[why]()


def left_out_word(why: Why) -> str:
    """Why one file was left out, for its line in a list."""
    words = {
        Why.MASK: lambda: translate("Scan", "a mask by its name"),
        Why.LINK: lambda: translate("Scan", "a linked folder"),
        Why.NO_FILE: lambda: translate("Scan", "a pipe, a device or a broken link"),
        Why.UNREAD: lambda: translate("Scan", "of a kind that is not read"),
        Why.UNFINISHED: lambda: translate("Scan", "not finished by its name"),
        Why.UNSORTED: lambda: translate("Scan", "in no sub-folder"),
        Why.NOT_ENTERED: lambda: translate("Scan", "a sub-folder"),
        Why.DEEPER: lambda: translate("Scan", "a sub-folder"),
        Why.HIDDEN: lambda: translate("Scan", "hidden"),
        Why.NO_PICTURE: lambda: translate("Scan", "no picture"),
    }
    return translate("Scan", "left out: {reason}").format(reason=words[why]())


def left_out_words(left_out: Sequence[LeftOut]) -> str:
    """`left out 7: 3 masks by name, 1 linked folder …`; empty for none."""
    if not left_out:
        return ""
    kinds = unread_kinds(left_out)
    parts = [
        f"{why_words(why, count)} ({kinds})" if why is Why.UNREAD else why_words(why, count)
        for why, count in counts(left_out).items()
    ]
    words = translate("Scan", "left out {count}: {reasons}")
    return words.format(count=number(len(left_out)), reasons=", ".join(parts))


def folder_words(pictures: int, left_out: Sequence[LeftOut]) -> str:
    """What a folder holds, before it is scanned, and what to do about what is left out."""
    words = translate("Scan", "%n picture(s)", "", pictures)
    said = f"{words}; {left_out_words(left_out)}" if left_out else words
    return " ".join([f"{said}.", *map(translated, remedies(left_out))])
