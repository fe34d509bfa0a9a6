"""What can go wrong, for whom, and what to do about it.

    LinesideError               message for the operator + remedy + exit code
    ├── UsageError       (2)    wrong use: an option or a value that cannot be
    ├── InputError       (3)    what was given is bad: picture, folder, video, package, data set, database
    │   ├── PictureError        unreadable or truncated picture
    │   ├── SourceEnded         the source has no further frames
    │   ├── PackageError        missing, damaged or foreign model package
    │   ├── DatasetError        a data set that cannot be trained on
    │   └── DatabaseError       newer, damaged or foreign database
    └── EnvironmentFailure (4)  the machine failed: disk, display, camera, missing extra
        ├── SourceLost          a camera that went away; the station retries
        ├── InferenceError      a model that fails on a frame
        └── StorageError        a full, read-only or locked disk or database

Anything else is a bug of ours: it stops the station visibly and is reported with its traceback.
"""

from __future__ import annotations


class LinesideError(Exception):
    """An error the operator can act on. `message` says what happened, `remedy` what to do, each one sentence."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class UsageError(LinesideError):
    """Wrong use of a command or function."""

    exit_code = 2


class InputError(LinesideError):
    """What was given cannot be used."""

    exit_code = 3


class PictureError(InputError):
    """One picture that cannot be read; `name` is its path."""

    def __init__(self, message: str, remedy: str = "", name: str = "") -> None:
        super().__init__(message, remedy)
        self.name = name


class SourceEnded(InputError):
    """The source has given its last frame."""


class PackageError(InputError):
    """A model package that cannot be trusted or read."""


class DatasetError(InputError):
    """A data set that cannot be used."""


class DatabaseError(InputError):
    """A database this version cannot open."""


class EnvironmentFailure(LinesideError):
    """The machine, not the input, is at fault."""

    exit_code = 4


class SourceLost(EnvironmentFailure):
    """A source that went away and may come back."""


class StorageError(EnvironmentFailure):
    """A disk or database that does not take what must be kept."""


class InferenceError(EnvironmentFailure):
    """A loaded model that fails on a frame."""
