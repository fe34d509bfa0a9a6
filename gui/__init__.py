"""The window: PySide6 and pyqtgraph over the engine and the database."""
