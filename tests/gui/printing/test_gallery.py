"""Pictures on paper: none is parted from its caption by the end of a page."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from PySide6.QtGui import QTextCursor, QTextDocument
from pytestqt.qtbot import QtBot

from engine.domain.inspection import Outcome
from engine.reports.run import ReportEntry
from gui.pages.scan.results.paper import paper_of
from gui.printing.gallery import in_pages
from gui.printing.pdf import new_document, page_size
from tests.db import make


def page_of(document: QTextDocument, at: int) -> int:
    """The page that the character at `at` stands on, by the top of its line."""
    block = document.findBlock(at)
    line = block.layout().lineForTextPosition(at - block.position())
    top = document.documentLayout().blockBoundingRect(block).top() + line.y()
    return int(top // page_size().height())


def laid_out(html: str) -> QTextDocument:
    document = new_document()
    document.setPageSize(page_size())
    document.setHtml(html)
    document.pageCount()
    return document


def picture(grey: int, height: int) -> str:
    encoded = cv2.imencode(".png", np.full((height, 200), grey, np.uint8))[1].tobytes()
    return f"<img width='200' height='{height}' src='data:image/png;base64,{base64.b64encode(encoded).decode()}'>"


def test_every_caption_begins_on_the_page_of_its_picture(qtbot: QtBot) -> None:
    blocks = [
        f"<table><tr><td>{picture(n, 90 + 13 * n)}</td><td>caption {n}.<br>last line {n}.</td></tr></table>"
        for n in range(20)
    ]
    document = laid_out(in_pages("Worst", blocks))
    text = document.toPlainText()
    images = [at for at, letter in enumerate(text) if letter == "\N{OBJECT REPLACEMENT CHARACTER}"]
    assert len(images) == 20
    pages = [page_of(document, at) for at in images]
    for said in ("caption", "last line"):
        found = [document.find(f"{said} {n}.", 0, QTextDocument.FindFlag.FindCaseSensitively) for n in range(20)]
        assert [page_of(document, cursor.selectionStart()) for cursor in found] == pages
    assert len(set(pages)) > 3
    heads: list[int] = []
    cursor = document.find("Worst")
    while not cursor.isNull():
        heads.append(page_of(document, cursor.selectionStart()))
        cursor = document.find("Worst", QTextCursor(cursor))
    assert heads == sorted(set(pages)), "each page says what it shows"


def test_caption_holds_reasons_score_station_and_operator(qtbot: QtBot) -> None:
    jpeg = cv2.imencode(".jpg", np.zeros((60, 80), np.uint8))[1].tobytes()
    judged = [make.inspection(1, Outcome.NG), make.inspection(2, Outcome.NO_VERDICT)]
    entries = [ReportEntry(one, jpeg, "scratch", f"{n}.png") for n, one in enumerate(judged)]
    ng, none = judged
    shown = laid_out(paper_of("Scan", {}, None, entries)).toPlainText()
    for one in judged:
        assert all(reason in shown for reason in one.verdict.reasons)
    assert f"NG {ng.verdict.label} {ng.verdict.score:.2f}" in shown
    assert "NO VERDICT" in shown
    assert f"NO VERDICT {none.verdict.score:.2f}" not in shown, "what was not judged has no score"
    assert f"Operator: {none.traveller.operator}" in shown
    assert f"Station: {none.traveller.station}" in shown
