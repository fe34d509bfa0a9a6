"""Keys: one table bound to acts, off while typing, and safe against a scanner that types.

A hand scanner is a keyboard: it sends a part number as a burst of keys, ended by Enter. So a printable key waits up to
60 ms before it acts; if others follow that fast they are held together, and four or more make a scan, whatever letters
are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWindow
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from gui.page import Binding

BURST_GAP_MS = 60
BURST_KEYS = 4

Modifier = Qt.KeyboardModifier
Grab = Callable[[QKeyCombination, str], bool]


class Keyboard(QObject):
    """Give it the window's keys (`watch`) and tables of bindings; it decides which key is an act and which is text."""

    pressed = Signal()
    """A bound key went down, before the wait: what is on screen now is what it means."""
    scanned = Signal(str)
    """A scanner's burst, without its Enter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tables: dict[str, Sequence[Binding]] = {}
        self._acts: dict[str, Callable[[], object]] = {}
        self._held: list[tuple[QKeyCombination, str]] = []
        self._grab: Grab | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._settle)

    def watch(self, window: QWindow) -> None:
        """See this window's keys before its widgets do."""
        window.installEventFilter(self)

    def bind(self, table: str, bindings: Sequence[Binding]) -> None:
        """Put the bindings of one table (`window`, `page`) in force, instead of that table's last ones."""
        self._tables[table] = bindings
        self._acts = {}
        for binding in (b for bound in self._tables.values() for b in bound):
            self._acts[_name(QKeySequence.fromString(binding.sequence, _PORTABLE))] = binding.act

    @property
    def tables(self) -> dict[str, Sequence[Binding]]:
        """What is bound now."""
        return self._tables

    def grab(self, taker: Grab | None) -> None:
        """Until `grab(None)`, offer every key to `taker(key, text)` first; True means it took it."""
        self._grab = taker

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the window: claim the bound ones, act on them or hold them back."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(event, QKeyEvent):
            return False
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return False
        key, text = _plain(event), event.text()
        if not self._is_ours(key, text):
            return False
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        self._press(key, text, event.isAutoRepeat())
        return True

    def _is_ours(self, key: QKeyCombination, text: str) -> bool:
        if _typing(QApplication.focusWidget()):
            leaves = key.key() == Qt.Key.Key_Escape or _commands(key)
            return leaves and self._bound(key) is not None and key.key() not in _OF_THE_FIELD
        return self._bound(key) is not None or self._grab is not None or bool(text.strip()) or bool(self._held)

    def _press(self, key: QKeyCombination, text: str, repeated: bool) -> None:
        if _commands(key) or _typing(QApplication.focusWidget()):
            self._settle()
            self._act(key, text)
            return
        if key.key() in _ENTER and len(self._held) >= BURST_KEYS:
            self._settle()
            return
        if not (text.isprintable() and (text.strip() or (text and self._held))):
            self._settle()
            if not repeated or key.key() in _REPEATING:
                self.pressed.emit()
                self._act(key, text)
            return
        if repeated:
            if text in _REPEATING_TEXT:
                self._act(key, text)
            return
        if not self._held:
            self.pressed.emit()
        self._held.append((key, text))
        self._timer.start(BURST_GAP_MS)

    def _settle(self) -> None:
        """Decide what the held keys were: a scan, or keys to act on one by one."""
        self._timer.stop()
        held, self._held = self._held, []
        if len(held) >= BURST_KEYS:
            self.scanned.emit("".join(text for _, text in held))
            return
        for key, text in held:
            self._act(key, text)

    def _act(self, key: QKeyCombination, text: str) -> None:
        if self._grab is not None and self._grab(key, text):
            return
        act = self._bound(key)
        if act is None and text:
            # `?` needs Shift on one keyboard and not on another: a printed character is itself wherever it lies.
            act = self._acts.get(text.upper())
        if act is not None:
            act()

    def _bound(self, key: QKeyCombination) -> Callable[[], object] | None:
        return self._acts.get(_name(QKeySequence(key)))


_PORTABLE = QKeySequence.SequenceFormat.PortableText
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_OF_THE_FIELD = (
    Qt.Key.Key_Z,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_A,
    Qt.Key.Key_C,
    Qt.Key.Key_V,
    Qt.Key.Key_X,
)
_REPEATING = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_REPEATING_TEXT = "[]+-"


def _name(sequence: QKeySequence) -> str:
    return sequence.toString(_PORTABLE)


def _plain(event: QKeyEvent) -> QKeyCombination:
    """The key without the keypad flag, and without Shift where Shift only made the character."""
    modifiers = event.modifiers() & ~Modifier.KeypadModifier
    if event.text().strip() and event.text().isprintable() and not event.text().isalpha():
        modifiers &= ~Modifier.ShiftModifier
    return QKeyCombination(modifiers, Qt.Key(event.key()))


def _commands(key: QKeyCombination) -> bool:
    return bool(key.keyboardModifiers() & (Modifier.ControlModifier | Modifier.AltModifier | Modifier.MetaModifier))


def _typing(widget: QWidget | None) -> bool:
    """True while the focus is where text goes."""
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QAbstractSpinBox)
