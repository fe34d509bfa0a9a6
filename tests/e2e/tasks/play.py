"""One sitting at the window: `python -m tests.e2e.tasks.play TASK SITTING FOLDER`; prints what was seen as JSON.

FOLDER holds what lies beside the station: pictures, files that are written. The exit code is main's; 75 where whoever
did the task got stuck.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from main import main
from tests.e2e.operator import Operator
from tests.e2e.tasks import engineer_tasks, operator_tasks, supervisor_tasks
from tests.e2e.tasks.hands import Seen, Session

STUCK = 75
TASKS: dict[str, tuple[Session, ...]] = {
    "start": (operator_tasks.start_on_the_right_product,),
    "change over": (operator_tasks.change_over_by_a_scanned_code,),
    "foreign part": (operator_tasks.a_foreign_part_comes,),
    "correct": (operator_tasks.correct_a_wrong_ng_and_take_it_back,),
    "teach in": (engineer_tasks.teach_in_a_new_product,),
    "teach": (engineer_tasks.teach_from_this_products_corrections,),
    "roll back": (engineer_tasks.roll_back,),
    "bind": (engineer_tasks.bind_a_recipe, engineer_tasks.after_the_restart),
    "report": (supervisor_tasks.report_of_the_shift,),
    "set-up": (supervisor_tasks.a_set_up_run,),
    "carry": (supervisor_tasks.rename_carry_away_and_retire,),
    "bring in": (supervisor_tasks.bring_it_in_on_another_line,),
    "scan": (supervisor_tasks.scan_a_folder_of_another_product,),
}
"""Each task with its sittings; between two the window is closed. `carry` and `bring in`: one task, two stations."""


def run(task: str, sitting: int, beside: Path) -> int:
    """The window, with somebody at it who does this."""
    application = QApplication(["lineside"])
    seen: Seen = {}
    operator = Operator(lambda one: TASKS[task][sitting](one, beside, seen), beside / f"stuck{sitting}.png")
    code = main([])
    if operator.problem:
        print(operator.problem, file=sys.stderr)
    print(json.dumps(seen | {"done": operator.done, "platform": application.platformName()}))
    return STUCK if operator.problem or not operator.done else code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
