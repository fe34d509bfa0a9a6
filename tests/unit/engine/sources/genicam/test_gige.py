"""Frame ids and the sign of life of a GigE Vision camera, at a socket of the test's own."""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
from collections.abc import Iterator

import pytest

from engine.sources.genicam.gige import FrameIds, Pulse, widen


class Answering(threading.Thread):
    """Answers register reads on a free port of 127.0.0.1 with what it is told; b"" = with nothing."""

    def __init__(self, *answers: bytes) -> None:
        super().__init__(daemon=True)
        self._answers = list(answers)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(120)
        self.port = int(self._socket.getsockname()[1])
        self.asked: list[bytes] = []

    def run(self) -> None:
        """One answer a question."""
        with self._socket:
            for answer in self._answers:
                question, sender = self._socket.recvfrom(64)
                self.asked.append(question)
                if answer:
                    self._socket.sendto(answer.replace(b"ID", question[6:8]), sender)


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[Answering]:
    peer = Answering(*request.param)
    peer.start()
    yield peer
    peer.join(120)


def ack(value: int, identity: bytes = b"ID") -> bytes:
    return struct.pack(">HHH", 0, 0x81, 4) + identity + struct.pack(">I", value)


@pytest.mark.parametrize(
    ("answering", "said"),
    [
        ((ack(2),), True),
        ((ack(1),), True),
        ((ack(0),), False),
        pytest.param((b"", ack(2)), True, marks=pytest.mark.slow),
        pytest.param((b"short", ack(0)), False, marks=pytest.mark.slow),
    ],
    indirect=["answering"],
)
def test_the_register_says_whether_somebody_controls_it(answering: Answering, said: bool) -> None:
    assert Pulse("127.0.0.1", answering.port).controlled(5, 2.0) is said
    assert answering.asked[0][:6] == bytes.fromhex("420100800004")
    assert answering.asked[0][8:] == struct.pack(">I", 0x0A00)


@pytest.mark.parametrize("answering", [(ack(2, b"\0\0"), b"")], indirect=True)
def test_an_answer_to_another_question_does_not_count(answering: Answering) -> None:
    assert Pulse("127.0.0.1", answering.port).controlled(2, 0.3) is None


def test_nobody_there_is_no_sign_of_life() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    assert Pulse("127.0.0.1", port).controlled() is None


def test_sixteen_bit_ids_go_on_after_65535_with_1() -> None:
    ids = FrameIds()
    assert [ids.take(number) for number in (65534, 65535, 1, 2, 5)] == [65534, 65535, 65536, 65537, 65540]
    assert ids.missed == 2


def test_long_ids_stay_as_they_are() -> None:
    ids = FrameIds()
    assert [ids.take(number) for number in (65534, 65535, 65536, 65539)] == [65534, 65535, 65536, 65539]
    assert ids.missed == 2


def test_a_repeated_id_keeps_its_sequence_and_a_restart_goes_on() -> None:
    ids = FrameIds()
    assert [ids.take(40000), ids.take(40000)] == [40000, 40000]
    ids.restart()
    assert [ids.take(1), ids.take(2)] == [40001, 40002]
    assert ids.take(60000) == 40003
    assert ids.missed == 0


def test_a_damaged_frame_with_an_old_id_is_the_following_one() -> None:
    ids = FrameIds()
    assert ids.damaged(0) == -1
    assert [ids.take(10), ids.damaged(11), ids.damaged(7), ids.take(13)] == [10, 11, 12, 13]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sockets are found through /proc")
def test_a_receive_buffer_larger_than_allowed_is_said_with_the_remedy(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port = int(mine.getsockname()[1])
        before = mine.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        got = widen(port, 300_000)
        assert got > 0 and mine.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * got != before
        with caplog.at_level(logging.WARNING):
            # More than the kernel's whole int: nobody gets that.
            assert widen(port, 2_000_000_000) < 2_000_000_000
        assert "net.core.rmem_max" in caplog.text
