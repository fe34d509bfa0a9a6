"""The keys of the Live page and the buttons they belong to; what they do is the page's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gui.i18n.language import translate
from gui.page import Binding
from gui.pages.live.strip import LOT_KEY, OPERATOR_KEY, PART_KEY, RECIPE_KEY

Act = Callable[[], object]


def act_bindings(acts: Mapping[str, Act]) -> dict[str, Binding]:
    """The operator's buttons at the right, in their order."""
    return {
        "ok": Binding("O", translate("Live", "It is OK"), acts["ok"]),
        "ng": Binding("N", translate("Live", "It is NG…"), acts["ng"]),
        "review": Binding("R", translate("Live", "To review"), acts["review"]),
        "undo": Binding("Ctrl+Z", translate("Live", "Undo"), acts["undo"]),
        "run": Binding("Space", translate("Live", "Start"), acts["run"]),
        "stop": Binding("Ctrl+Space", translate("Live", "Stop"), acts["stop"]),
        "trigger": Binding("T", translate("Live", "Trigger"), acts["trigger"]),
    }


def tool_bindings(acts: Mapping[str, Act]) -> list[tuple[str, Binding]]:
    """The buttons at the picture's side; the name is the icon's too."""
    return [
        ("overlay", Binding("H", translate("Live", "Overlay: heat, mask, outline, off"), acts["overlay"])),
        ("stronger", Binding("]", translate("Live", "Stronger overlay"), acts["stronger"])),
        ("lighter", Binding("[", translate("Live", "Lighter overlay"), acts["lighter"])),
        ("plus", Binding("+", translate("Live", "Zoom in"), acts["plus"])),
        ("minus", Binding("-", translate("Live", "Zoom out"), acts["minus"])),
        ("fit", Binding("0", translate("Live", "Whole picture"), acts["fit"])),
        ("parts", Binding("L", translate("Live", "Film strip: all parts, or only NG and REVIEW"), acts["parts"])),
        ("snapshot", Binding("S", translate("Live", "Save the picture as a file"), acts["snapshot"])),
        ("fullscreen", Binding("F", translate("Live", "Full screen"), acts["fullscreen"])),
        ("kiosk", Binding("Ctrl+K", translate("Live", "Only this page, for the line (kiosk)"), acts["kiosk"])),
    ]


def other_bindings(acts: Mapping[str, Act]) -> dict[str, Binding]:
    """What has its button elsewhere on the page."""
    return {
        "acknowledge": Binding("Q", translate("Alarm", "Acknowledge"), acts["acknowledge"]),
        "count": Binding("C", translate("Live", "Count the shift or the lot"), acts["count"]),
        "setup": Binding("Ctrl+U", translate("Live", "Set-up: parts do not count, and back"), acts["setup"]),
        "recipe": Binding(RECIPE_KEY, translate("Live", "Change product or recipe"), acts["recipe"]),
        "teach": Binding("Ctrl+T", translate("Live", "Teach a new product in"), acts["teach"]),
        "lot": Binding(LOT_KEY, translate("Live", "Type the lot"), acts["lot"]),
        "part": Binding(PART_KEY, translate("Live", "Type the part number"), acts["part"]),
        "operator": Binding(OPERATOR_KEY, translate("Live", "Change the operator"), acts["operator"]),
        "newer": Binding("Left", translate("Live", "Newer part"), acts["newer"]),
        "older": Binding("Right", translate("Live", "Older part"), acts["older"]),
        "leave": Binding("Esc", translate("Live", "Back to live"), acts["leave"]),
    }
