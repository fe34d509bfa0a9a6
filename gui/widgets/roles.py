"""Item roles that tables of parts share."""

from __future__ import annotations

from PySide6.QtCore import Qt

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The row's Stored."""
OUTCOME_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Outcome this cell shows, for cells that draw a verdict mark; else None."""
