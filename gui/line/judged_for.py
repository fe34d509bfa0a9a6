"""What the line judges for, changed by a person: from the next part on, and the trail keeps who did it."""

from __future__ import annotations

from db.runs.origin import JUDGED_FOR
from db.users import trail
from engine.domain.inspection import Origin
from gui.context import AppContext
from gui.line.line import FAILED, STOPPED, Line


def judge_for(context: AppContext, line: Line, origin: Origin) -> None:
    """Until the window closes: each start of Lineside is for production again."""
    line.judge_for(origin)
    db, who = context.db, context.operator
    context.jobs.run(lambda: trail.record(db, who, JUDGED_FOR, str(origin)), lambda _none: None)


def toggle_trial(context: AppContext, line: Line) -> None:
    """Start, pause, go on, where parts are shown to be taught: what is started so is no production but a trial."""
    if line.state in (STOPPED, FAILED) and line.origin is Origin.PRODUCTION:
        judge_for(context, line, Origin.TRIAL)
    line.toggle()
