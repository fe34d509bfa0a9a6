"""Which sub-folders hold sound parts: as their names say, or as a person says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.domain.sound_names import is_sound
from engine.images.listing import natural_key
from engine.names import name_of
from gui.context import AppContext
from gui.i18n.language import translate
from gui.pages.scan.rows import Told
from gui.widgets.key_button import KeyButton

SETTLE_MS = 300
"""After the last letter of a folder that is typed."""
MOST = 40
"""Sub-folders to choose from; where there are more they are lots, and no classes."""
NAMED = 3


class SoundFolders(KeyButton):
    """A button that says which sub-folders are sound, with a menu of all. What is said holds for that folder only."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context.theme, "", icon_name="folder", compact=True, parent=parent)
        self._context = context
        self._folder, self._found = "", tuple[str, ...]()
        self._names: frozenset[str] | None = None
        self.choices = QMenu(self)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.look)
        self.clicked.connect(self._offer)
        self._say()

    @property
    def told(self) -> Told:
        """What a person said of the folder."""
        return Told(Path(self._folder), self._names)

    def of(self, folder: str) -> None:
        """Another folder, or the same; what was said of it before is said again."""
        if folder == self._folder:
            return
        kept = self._context.memory("scan")
        names = kept.get("sound") if kept.get("sound_of") == folder else None
        self._folder, self._found = folder, ()
        self._names = frozenset(n for n in names if isinstance(n, str)) if isinstance(names, list) else None
        self._say()
        self._settle.start()

    def look(self) -> None:
        """See which sub-folders there are, on a job: the folder may lie on a network."""
        self._settle.stop()
        self._context.jobs.run(partial(sub_folders, self._folder), partial(self._seen, self._folder))

    def choose(self, name: str, *, sound: bool) -> None:
        """This sub-folder is sound, or is not; the others stay what they are."""
        now = self._sound()
        self._tell((now | {name}) if sound else (now - {name}))

    def by_name(self) -> None:
        """As their names say."""
        self._tell(None)

    def _tell(self, names: frozenset[str] | None) -> None:
        self._names = names
        self._context.remember("scan", sound=None if names is None else sorted(names), sound_of=self._folder)
        self._say()

    def _sound(self) -> frozenset[str]:
        return frozenset(n for n in self._found if is_sound(n)) if self._names is None else self._names

    def _seen(self, folder: str, found: tuple[str, ...]) -> None:
        if folder == self._folder:
            self._found = found
            self._say()

    def _say(self) -> None:
        sound = [name for name in self._found if name in self._sound()]
        named = _listed(sound) or translate("Scan", "none")
        words = translate("Scan", "By name: {names}") if self._names is None else translate("Scan", "Chosen: {names}")
        self.setText(words.format(names=named) if self._found else translate("Scan", "No sub-folders"))
        self.setEnabled(bool(self._found))
        self.updateGeometry()

    def _offer(self) -> None:
        self.choices.clear()
        self.choices.addAction(translate("Scan", "As their names say"), self.by_name)
        self.choices.addSeparator()
        sound = self._sound()
        for name in self._found:
            action = QAction(name.replace("&", "&&"), self.choices)
            action.setCheckable(True)
            action.setChecked(name in sound)
            action.toggled.connect(lambda on, at=name: self.choose(at, sound=on))
            self.choices.addAction(action)
        self.choices.popup(self.mapToGlobal(self.rect().bottomLeft()))


def sub_folders(folder: str) -> tuple[str, ...]:
    """The names of the folders directly in there, in natural order; empty where there are none or very many."""
    try:
        with os.scandir(folder or os.devnull) as entries:
            found = [name_of(e.name) for e in entries if not e.name.startswith(".") and e.is_dir()]
    except (OSError, ValueError):
        return ()
    return tuple(sorted(found, key=lambda name: natural_key(Path(name)))) if len(found) <= MOST else ()


def _listed(names: Sequence[str]) -> str:
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
