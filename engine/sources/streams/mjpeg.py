"""One Motion JPEG connection over HTTP (multipart/x-mixed-replace), by the standard library.

FFmpeg would give such streams invented time stamps, look at them for seconds first and paint missing halves grey.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import IO, Any

from engine.domain.inspection import Pixels
from engine.errors import FrameIncomplete, InputError, SourceLost, SourceNotFound
from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.headers import MAX_PIXELS, header_size
from engine.images.decoding.jpeg import decode_jpeg
from engine.sources.address import Address

SILENT_S = 2.0
MAX_PART = 64 * 1024 * 1024
_MAX_LINE = 8192
_MAX_LINES = 64
_CHUNK = 64 * 1024
_LAST_TRY = 5
"""Of urllib's digest handler."""
_CHECK = "Check the address, the cable, and that the camera is on."


class MjpegConnection:
    """Connects when made, past any proxy. Raises SourceNotFound; InputError for a refused user or another content."""

    size = (0, 0)
    rate = 0.0

    def __init__(self, address: Address) -> None:
        self._host = address.host
        self._response = _request(address)
        kind = self._response.headers.get_content_type()
        boundary = self._response.headers.get_boundary("")
        if not kind.startswith("multipart/") or not boundary:
            self._response.close()
            raise InputError(
                f"The address at {address.host} gives {kind}, not a Motion JPEG stream.",
                "Look up the path of the camera's MJPEG stream, or use its rtsp:// address.",
            )
        # Some cameras announce the boundary with its dashes, and send two more or not.
        self._boundary = b"--" + boundary.lstrip("-").encode("latin-1", "replace")
        self._rest = b""
        self._data = b""

    def grab(self) -> tuple[float, float | None]:
        """Receive the next part. Its time is that of its first byte; HTTP carries no time stamp. Raises SourceLost."""
        try:
            length = self._head()
            arrival = time.monotonic()
            self._data = self._exactly(length) if length is not None else self._up_to_boundary()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._lost() from error
        return arrival, None

    def pixels(self) -> Pixels:
        """H×W grey or H×W×3 BGR. Raises FrameIncomplete for a part that is no whole JPEG."""
        return decode_part(self._data)

    def abort(self) -> None:
        """Cut the line, so that a waiting `grab` returns at once."""
        _shut_down(self._response)

    def close(self) -> None:
        """Hang up."""
        self._response.close()

    def _head(self) -> int | None:
        """Read on to the next boundary and through the part's header; its Content-Length, when stated."""
        for _ in range(MAX_PART // _MAX_LINE):
            if (b"--" + self._line().lstrip(b"-")).startswith(self._boundary):
                break
        else:
            raise ValueError("no boundary")
        length: int | None = None
        for _ in range(_MAX_LINES):
            line = self._line().strip()
            if not line:
                return length
            name, _colon, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
                if not 0 <= length <= MAX_PART:
                    raise ValueError("a part of this size is not taken")
        raise ValueError("a header without an end")

    def _line(self) -> bytes:
        while b"\n" not in self._rest[:_MAX_LINE] and len(self._rest) < _MAX_LINE:
            self._more()
        end = self._rest.find(b"\n", 0, _MAX_LINE) + 1 or _MAX_LINE
        line, self._rest = self._rest[:end], self._rest[end:]
        return line

    def _exactly(self, length: int) -> bytes:
        parts = [self._rest[:length]]
        self._rest = self._rest[length:]
        missing = length - len(parts[0])
        while missing:
            chunk = self._response.read1(min(missing, _CHUNK))
            if not chunk:
                raise self._lost()
            parts.append(chunk)
            missing -= len(chunk)
        return b"".join(parts)

    def _up_to_boundary(self) -> bytes:
        found, mark = bytearray(self._rest), self._boundary
        at = found.find(mark)
        while at < 0:
            seen = max(0, len(found) - len(mark))
            self._rest = b""
            self._more()
            found += self._rest
            if len(found) > MAX_PART:
                raise ValueError("a part without an end")
            at = found.find(mark, seen)
        self._rest = bytes(found[at:])
        return bytes(found[:at]).rstrip(b"-\r\n")

    def _more(self) -> None:
        chunk = self._response.read1(_CHUNK)
        if not chunk:
            raise self._lost()
        self._rest += chunk

    def _lost(self) -> SourceLost:
        return SourceLost(f"The stream from {self._host} ended.", "Check the camera and the network.")


def decode_part(data: bytes) -> Pixels:
    """H×W grey or H×W×3 BGR uint8, unrotated. Raises FrameIncomplete for what is not a whole JPEG of bounded size."""
    size = header_size(data)
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        raise FrameIncomplete("A picture of more than 400 megapixels was refused.")
    try:
        return decode_jpeg(data)
    except Undecodable as fault:
        if fault.fault is Fault.DAMAGED:
            raise FrameIncomplete("A picture arrived in part only.") from fault
        raise FrameIncomplete("A picture could not be decoded.") from fault


def _request(address: Address) -> http.client.HTTPResponse:
    keys = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if address.user:
        keys.add_password(None, address.bare, address.user, address.password)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        _Basic(keys),
        _Digest(keys),
        _NoRedirect(),
    )
    try:
        response: http.client.HTTPResponse = opener.open(address.bare, timeout=SILENT_S)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(address, error.code) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceNotFound(f"No camera answers at {address.host}, port {address.port}.", _CHECK) from error
    return response


class _Basic(urllib.request.HTTPBasicAuthHandler):
    """Closes the answer that asked for the password, which urllib leaves open."""

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage
    ) -> Any:
        return _closing(fp, lambda: super(_Basic, self).http_error_401(req, fp, code, msg, headers))


class _Digest(urllib.request.HTTPDigestAuthHandler):
    """The same, and a wrong password is tried once, not six times: some cameras lock the account."""

    retried: int

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage
    ) -> Any:
        self.retried = max(self.retried, _LAST_TRY)
        return _closing(fp, lambda: super(_Digest, self).http_error_401(req, fp, code, msg, headers))


def _closing(asking: IO[bytes], answer: Callable[[], Any]) -> Any:
    try:
        response = answer()
    except BaseException:
        asking.close()
        raise
    if response is not None:
        asking.close()
    return response


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A camera that sends its visitors, and their passwords, elsewhere is not followed."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _refused(address: Address, code: int) -> InputError | SourceNotFound:
    # Not tried again by itself: some cameras lock an account after a few wrong passwords.
    if code in (401, 403):
        return InputError(f"The camera at {address.host} refuses the user.", "Check user name and password.")
    return SourceNotFound(
        f"The camera at {address.host} has nothing under this path (HTTP {code}).", "Check the path of the address."
    )


def _shut_down(response: http.client.HTTPResponse) -> None:
    raw = getattr(getattr(response, "fp", None), "raw", None)
    line = getattr(raw, "_sock", None)
    if isinstance(line, socket.socket):
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
