"""The window: PySide6 and pyqtgraph; knows engine and db, starts the trainer as a process."""
