"""The languages of the station: texts through Qt Linguist files, numbers and dates as the language writes them.

Every text a person reads is `translate("<context>", "text")` with a plain literal, so that lupdate finds it; values go
in with `.format(name=…)` afterwards. `make translations` brings the .ts files up to date and compiles them.
"""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtCore import QCoreApplication, QDate, QLibraryInfo, QLocale, QObject, QTranslator, Signal

from engine.domain.inspection import Origin, Outcome
from engine.reports.csv_tables import Spelling
from engine.system.places import resources_folder

SOURCE = "en"
"""What the texts in the code are written in."""


def translate(context: str, text: str, disambiguation: str = "", n: int = -1) -> str:
    """The text in the language in force; with `n`, in the form for that many (`%n` is replaced)."""
    return QCoreApplication.translate(context, text, disambiguation, n)


def available() -> dict[str, str]:
    """Language code → its own name, for every language there are texts of."""
    found = {SOURCE: "English"}
    for path in sorted((resources_folder() / "translations").glob("lineside_*.qm")):
        code = path.stem.partition("_")[2]
        if code != SOURCE:
            name = QLocale(code).nativeLanguageName() or code
            found[code] = name[:1].upper() + name[1:]
    return found


def of_system() -> str:
    """The available language nearest to the system's; English where there is none."""
    known = available()
    return next((tag[:2] for tag in QLocale.system().uiLanguages() if tag[:2] in known), SOURCE)


class Language(QObject):
    """The language in force. `choose` installs its texts and number formats; `changed` has the window built anew."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._code = ""
        self._installed: list[QTranslator] = []

    @property
    def code(self) -> str:
        """`en`, `de` …"""
        return self._code

    def choose(self, code: str) -> None:
        """Another language from now on; empty = the system's. Unknown ones give English."""
        code = code or of_system()
        code = code if code in available() else SOURCE
        if code == self._code:
            return
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self._installed = [made for made in (_qt(code), _own(code)) if made is not None]
        for translator in self._installed:
            QCoreApplication.installTranslator(translator)
        # Of the system, so that the clock and the decimal sign stay those of the country where the language fits.
        system = QLocale.system()
        QLocale.setDefault(system if system.name()[:2] == code else QLocale(code))
        first, self._code = not self._code, code
        if not first:
            self.changed.emit()

    def close(self) -> None:
        """Take the texts away again, without a word to anybody."""
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self._installed, self._code = [], ""
        QLocale.setDefault(QLocale.system())


def number(value: float, decimals: int = 0) -> str:
    """A number with the language's separators: 1,204.5 or 1.204,5."""
    return QLocale().toString(float(value), "f", decimals)


def table_spelling() -> Spelling:
    """How a spreadsheet of this language and country writes a CSV table."""
    locale = QLocale()
    comma = locale.decimalPoint() == ","
    # Swiss numbers have a point; the list is separated as in all German.
    semicolon = comma or locale.language() == QLocale.Language.German
    return Spelling(";" if semicolon else ",", "," if comma else ".")


def percent(share: float, decimals: int = 1) -> str:
    """A share 0…1 in per cent: 97.1 % or 97,1 %."""
    return f"{number(100 * share, decimals)} %"


def size(bytes_: float) -> str:
    """Bytes as GB, MB …"""
    return QLocale().formattedDataSize(int(bytes_), 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)


def day_time(at: datetime, *, seconds: bool = False) -> str:
    """Local date and time, short."""
    local = at.astimezone()
    return f"{day(at)} {local:%H:%M:%S}" if seconds else f"{day(at)} {local:%H:%M}"


def day(at: date) -> str:
    """Date, of a time the local one, with the month as a word of the language, so that 3/4 means one day everywhere."""
    local = at.astimezone() if isinstance(at, datetime) else at
    return QLocale().toString(QDate(local.year, local.month, local.day), "d MMM yyyy")


def clock(at: datetime) -> str:
    """Local time of day, 24 hours, with seconds."""
    return f"{at.astimezone():%H:%M:%S}"


def outcome_word(outcome: Outcome) -> str:
    """The verdict as it stands on screen; OK and NG are the same everywhere."""
    words = {
        Outcome.OK: translate("Outcome", "OK"),
        Outcome.NG: translate("Outcome", "NG"),
        Outcome.REVIEW: translate("Outcome", "REVIEW"),
        Outcome.NO_VERDICT: translate("Outcome", "NO VERDICT"),
    }
    return words[outcome]


def origin_word(origin: Origin) -> str:
    """What a part was judged for, as it stands on screen."""
    words = {
        Origin.PRODUCTION: translate("Origin", "Production"),
        Origin.SCAN: translate("Origin", "Scan"),
        Origin.TRIAL: translate("Origin", "Trial"),
        Origin.SETUP: translate("Origin", "Set-up"),
        Origin.SIMULATED: translate("Origin", "Simulated"),
        Origin.UNKNOWN: translate("Origin", "Not recorded (before 0.2)"),
    }
    return words[origin]


def _own(code: str) -> QTranslator | None:
    translator = QTranslator()
    path = resources_folder() / "translations" / f"lineside_{code}.qm"
    return translator if path.exists() and translator.load(str(path)) else None


def _qt(code: str) -> QTranslator | None:
    """Qt's own texts: the buttons of its dialogs, the menus of its text fields."""
    translator = QTranslator()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    return translator if code != SOURCE and translator.load(f"qtbase_{code}", folder) else None
