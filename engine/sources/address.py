"""Addresses of network cameras (rtsp://, http://), and the same without their passwords."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit

from engine.errors import UsageError

SCHEMES = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""What a network stream may begin with, and the port where none is named."""
PASSWORD_VARIABLE = "LINESIDE_STREAM_PASSWORD"
"""The environment variable whose value stands for `***` in an address."""

_HIDDEN = "***"
_MAX_LENGTH = 2048
_SECRET = re.compile(r"(?i)(?<=[?&])([a-z_]*(?:pass|passwd|password|pwd|token|secret|key|auth)=)([^&#]+)")
_WITH_PASSWORD = re.compile(r"(://[^:@/?#]*):.*@", re.DOTALL)
_EXAMPLE = "Write it as in rtsp://user:password@192.168.0.20/stream1, other characters than letters and digits as %40."


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream comes from, with what is needed to get in."""

    shown: str
    """Fit for the screen, the log and the database: `***` in place of every password."""
    url: str = field(repr=False)
    """With the passwords."""
    bare: str = field(repr=False)
    """Without user name and password, as HTTP wants it."""
    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def masked(uri: str) -> str:
    """The same URI with `***` for every password in it, whether it can be opened or not; others come back unchanged.

    A masked address opens again where LINESIDE_STREAM_PASSWORD holds the password.
    """
    if uri.partition(":")[0].lower() not in SCHEMES:
        return uri
    try:
        parts = urlsplit(uri)
        sound = parts.port is None or parts.port > 0
    except ValueError:
        sound = False
    hidden = _replace_password(parts, _HIDDEN) if sound else _WITH_PASSWORD.sub(rf"\1:{_HIDDEN}@", uri)
    return _SECRET.sub(rf"\1{_HIDDEN}", hidden)


def parse(uri: str) -> Address:
    """The address a URI names. Raises UsageError, which never shows a password, for one that cannot be."""
    if len(uri) > _MAX_LENGTH or any(ord(letter) <= 32 or ord(letter) == 127 for letter in uri):
        raise UsageError("The stream's address holds blanks or is too long.", _EXAMPLE)
    url = _filled(uri)
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise UsageError("The stream's address cannot be understood.", _EXAMPLE) from None
    if scheme not in SCHEMES or not host:
        raise UsageError("The stream's address names no host.", _EXAMPLE)
    return Address(
        masked(uri),
        url,
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        scheme,
        host,
        port or SCHEMES[scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _replace_password(parts: SplitResult, password: str) -> str:
    before, at, host = parts.netloc.rpartition("@")
    user, colon, given = before.partition(":")
    return parts._replace(netloc=f"{user}{colon}{password if given else ''}{at}{host}").geturl()


def _filled(uri: str) -> str:
    """`***` is what a masked address holds: the password comes from the environment then."""
    if f":{_HIDDEN}@" not in uri and f"={_HIDDEN}" not in uri:
        return uri
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise UsageError(
            "The stream's password is not known: it is never stored.",
            f"Write it into the address again, or put it into the environment variable {PASSWORD_VARIABLE}.",
        )
    given = quote(password, safe="")
    return uri.replace(f":{_HIDDEN}@", f":{given}@", 1).replace(f"={_HIDDEN}", f"={given}")
