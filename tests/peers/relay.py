"""A network between a camera and its viewer that can be held up: what was sent meanwhile arrives late, all at once."""

from __future__ import annotations

import contextlib
import selectors
import socket
from threading import Event, Thread


class Relay:
    """Forwards 127.0.0.1:`port` to another port; use it as a context. One thread for all connections."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._go, self._end = Event(), Event()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._thread = Thread(target=self._run, name="relay", daemon=True)

    def __enter__(self) -> Relay:
        self._go.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._go.set()
        self._thread.join(5)
        for line in (*self._pairs, self._listening):
            line.close()
        self._selector.close()

    def hold(self) -> None:
        """Nothing passes."""
        self._go.clear()

    def release(self) -> None:
        """All that was held passes, and what follows."""
        self._go.set()

    def _run(self) -> None:
        while not self._end.is_set():
            self._go.wait()
            for key, _ in self._selector.select(0.05):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                if line is self._listening:
                    self._join(*self._listening.accept())
                elif line in self._pairs:
                    self._pass(line)

    def _join(self, viewer: socket.socket, _address: object) -> None:
        try:
            camera = socket.create_connection(("127.0.0.1", self._target), 10)
        except OSError:
            viewer.close()
            return
        for one, other in ((viewer, camera), (camera, viewer)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, line: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = line.recv(65536)
        if data:
            with contextlib.suppress(OSError):
                self._pairs[line].sendall(data)
            return
        for end in (line, self._pairs[line]):
            self._selector.unregister(end)
            del self._pairs[end]
            end.close()
