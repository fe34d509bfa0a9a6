"""What feeds the line, as it names itself, in the language in force; names of cameras and hosts stay as they are."""

from __future__ import annotations

import re

from gui.i18n.language import translate

_PICTURES = re.compile(r", (\d+) pictures$")


def source_words(description: str) -> str:
    """`Ordner parts, 12 Bilder` for `folder parts, 12 pictures`."""
    kinds = {
        "watch": translate("Source", "watch folder {name}"),
        "folder": translate("Source", "folder {name}"),
        "video": translate("Source", "video {name}"),
        "demo": translate("Source", "demo {name}"),
    }
    kind, _, name = description.partition(" ")
    if kind not in kinds:
        return description
    # A watched folder calls itself by two words.
    name = name.removeprefix("folder ") if kind == "watch" else name
    return kinds[kind].format(name=_PICTURES.sub(_counted, name))


def _counted(found: re.Match[str]) -> str:
    return f", {translate('Source', '%n picture(s)', '', int(found[1]))}"
