"""An operator at the window: acts by key and mouse events alone, inside main(), step after step.

A script is a generator: it acts, then yields what it waits for. A timer carries it on, so the window's own event loop
runs all the time, as it does under a person's hands.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QKeyCombination, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeySequence, QMouseEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from gui.window.window import MainWindow

PATIENCE_S = 120.0
TICK_MS = 25

Script = Iterator[Callable[[], object]]
W = TypeVar("W", bound=QWidget)


class Operator(QObject):
    """Give it a script; `main()` runs the window. `problem` says what went wrong; `stuck` is where its picture goes."""

    def __init__(self, script: Callable[[Operator], Script], stuck: Path) -> None:
        super().__init__()
        self._stuck = stuck
        self._script = script(self)
        self._until: Callable[[], object] = lambda: True
        self._since = time.monotonic()
        self.problem = ""
        self.done = False
        self.step = ""
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._carry_on)
        self._timer.start()

    # ── where things are ─────────────────────────────────────────────────────────────────────────────────────────
    @property
    def window(self) -> MainWindow:
        """Lineside's window."""
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
        assert found, "there is no window"
        return found[0]

    def see(self, kind: type[W], name: str = "") -> W:
        """The one visible widget of this class (and accessible name or text)."""
        found = [w for w in self.all(kind) if not name or name in (w.accessibleName(), _text(w))]
        assert len(found) == 1, f"{len(found)} × {kind.__name__} {name!r}: {[_text(w) for w in self.all(kind)]}"
        return found[0]

    def all(self, kind: type[W]) -> list[W]:
        """Every visible widget of this class, dialogs first."""
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        tops.sort(key=lambda w: isinstance(w, MainWindow))
        found = [w for top in tops for w in top.findChildren(kind) if w.isVisible()]
        return list(dict.fromkeys(found))

    # ── what a person does ───────────────────────────────────────────────────────────────────────────────────────
    def key(self, *sequences: str) -> None:
        """Press keys as they are printed on the buttons: `O`, `Ctrl+Z`, `Left`; to the dialog where one is open."""
        for sequence in sequences:
            pressed = QKeySequence.fromString(sequence, QKeySequence.SequenceFormat.PortableText)[0]
            assert isinstance(pressed, QKeyCombination)
            QTest.keyClick(self._under_the_hands(), pressed.key(), pressed.keyboardModifiers())

    def type(self, field: QLineEdit | QWidget, text: str) -> None:
        """Click into a field, put this text in place of what is there."""
        self.click(field)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, text)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget in the middle, or at a place in it."""
        assert widget.isVisible(), f"{_text(widget) or widget} is not visible"
        assert widget.isEnabled(), f"{_text(widget) or widget} cannot be pressed now"
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())

    def press(self, text: str) -> None:
        """Click the button that says so."""
        found = [b for b in self.all(QAbstractButton) if text in _text(b)]
        assert found, f"no button says {text!r}: {sorted({_text(b) for b in self.all(QAbstractButton)})}"
        self.click(found[0])

    def drag(self, widget: QWidget, points: Sequence[QPoint]) -> None:
        """Draw a line with the left button held."""
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=points[0])
        for point in points[1:]:
            # QTest moves the real pointer, whose button nobody holds under X.
            left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
            at, screen = QPointF(point), QPointF(widget.mapToGlobal(point))
            QApplication.sendEvent(
                widget, QMouseEvent(QEvent.Type.MouseMove, at, screen, Qt.MouseButton.NoButton, left, none)
            )
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=points[-1])

    def after(self, seconds: float) -> Callable[[], object]:
        """Something to wait for where nothing shows: the time a hand takes."""
        due = time.monotonic() + seconds
        return lambda: time.monotonic() >= due

    # ── carrying on ──────────────────────────────────────────────────────────────────────────────────────────────
    def _under_the_hands(self) -> QWindow:
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or self.window
        handle = top.window().windowHandle()
        assert handle is not None
        return handle

    def _carry_on(self) -> None:
        try:
            if not any(isinstance(w, MainWindow) and w.isVisible() for w in QApplication.topLevelWidgets()):
                return
            if not self._until():
                patience = float(getattr(self._until, "patience", PATIENCE_S))
                if time.monotonic() - self._since > patience:
                    raise AssertionError(f"waited {patience:.0f} s in vain")
                return
            self._until = next(self._script)
            self._since = time.monotonic()
        except StopIteration:
            self._end()
        except Exception:
            self.problem = f"at the step “{self.step}”, see {self._stuck}:\n{traceback.format_exc()}"
            (QApplication.activeModalWidget() or self.window).grab().save(str(self._stuck))
            self._end()

    def _end(self) -> None:
        self.done = True
        self._timer.stop()
        for window in QApplication.topLevelWidgets():
            if not isinstance(window, MainWindow):
                window.close()
        self.window.close()


def _text(widget: QWidget) -> str:
    return widget.text().strip() if isinstance(widget, QAbstractButton | QLineEdit) else widget.accessibleName()
