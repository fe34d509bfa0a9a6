"""What can go wrong, for whom, and what to do about it.

    LinesideError               message for the operator + remedy + exit code
    ├── UsageError       (2)    wrong use: an option or a value that cannot be
    │   └── UnsupportedProperty a setting or act this source does not know, or a value out of its range
    ├── InputError       (3)    what was given is bad: picture, folder, video, package, data set, database
    │   ├── PictureError        unreadable or truncated picture
    │   ├── SourceEnded         the source has no further frames
    │   │   └── EndedEarly      it promised more
    │   ├── PackageError        missing, damaged or foreign model package
    │   ├── DatasetError        a data set that cannot be trained on
    │   └── DatabaseError       newer, damaged or foreign database
    └── EnvironmentFailure (4)  the machine failed: disk, display, camera, missing extra
        ├── SourceLost          a camera that went away; the supervisor retries
        │   ├── SourceNotFound  it is not there (yet)
        │   └── SourceBusy      another program holds it
        ├── FrameTimeout        no frame came within the time given; nothing is wrong yet
        ├── FrameIncomplete     a frame of which a part is missing: NO VERDICT
        ├── InferenceError      a model that fails on a frame
        └── StorageError        a full, read-only or locked disk or database

Anything else is a bug of ours: it stops the station visibly and is reported with its traceback.
"""

from __future__ import annotations

from engine.names import name_of, one_line


class LinesideError(Exception):
    """An error the operator can act on. `message` says what happened, `remedy` what to do, each one sentence.

    Names of files stand in them as they are given: here they are escaped, so that none reaches a terminal, a report or
    the database that these cannot hold.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        message, remedy = one_line(message), one_line(remedy)
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[LinesideError], tuple[object, ...]]:
        """Picklable: errors cross process boundaries."""
        return type(self), (self.message, self.remedy)


class UsageError(LinesideError):
    """Wrong use of a command or function."""

    exit_code = 2


class UnsupportedProperty(UsageError):
    """A setting or act a source does not have, or a value its device does not take."""


class InputError(LinesideError):
    """What was given cannot be used."""

    exit_code = 3


class PictureError(InputError):
    """One picture that cannot be read; `name` is its path, escaped (engine.names)."""

    def __init__(self, message: str, remedy: str = "", name: str = "") -> None:
        super().__init__(message, remedy)
        self.name = name_of(name)

    def __reduce__(self) -> tuple[type[PictureError], tuple[object, ...]]:
        """Picklable, with the path."""
        return type(self), (self.message, self.remedy, self.name)


class SourceEnded(InputError):
    """The source has given its last frame."""


class EndedEarly(SourceEnded):
    """The source gave its last frame, and had promised more."""


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


class SourceNotFound(SourceLost):
    """A source that is not there now; it may be plugged in or switched on later."""


class SourceBusy(SourceLost):
    """A source another program holds; it may let go."""


class FrameTimeout(EnvironmentFailure):
    """No frame came within the time given: no loss by itself."""


class FrameIncomplete(EnvironmentFailure):
    """A frame that arrived damaged: packets are missing, the buffer failed. `sequence` is its place, -1 = unknown."""

    def __init__(self, message: str, remedy: str = "", sequence: int = -1) -> None:
        super().__init__(message, remedy)
        self.sequence = sequence

    def __reduce__(self) -> tuple[type[FrameIncomplete], tuple[object, ...]]:
        """Picklable: it crosses from a camera's process to the station."""
        return type(self), (self.message, self.remedy, self.sequence)


class StorageError(EnvironmentFailure):
    """A disk or database that does not take what must be kept."""


class InferenceError(EnvironmentFailure):
    """A loaded model that fails on a frame."""
