"""The station's log on disk: what went on in detail, for the one who comes in the morning."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.names import one_line

log = logging.getLogger(__name__)

MAX_BYTES = 5 * 1024**2
KEPT = 5
_OURS = ("engine", "db", "gui")


class OneLine(logging.Formatter):
    """A message is one line, whatever names it holds; a traceback is as it is."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line without its traceback."""
        return one_line(super().formatMessage(record))


@contextmanager
def logbook(folder: Path) -> Iterator[Path | None]:
    """While it lasts, what engine, db and gui log from INFO on goes to `folder/logs/lineside.log`, six files of 5 MB at
    most. A disk that does not take it is told once and is no reason to stop: None then."""
    path = folder / "logs" / "lineside.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        log.warning("no log is kept: %s cannot be written (%s)", path, error.strerror)
        yield None
        return
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in _OURS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield path
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()
