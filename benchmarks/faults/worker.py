"""Runs checks on one integration: a column and names on argv → a line of JSON each.

Its standard output holds a line when a check starts and one when it is judged, so that
whoever reads them knows which check ended the process, should it end too early.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from columns import COLUMNS
from payloads import completion, text_stream
from stage import CHECKS, Check, CheckFailedError, Played, Stage, describe

if TYPE_CHECKING:
    from columns import Column

for module in sorted(
    Path(__file__).parent.glob("checks_*.py"),
    key=lambda path: int(path.stem.split("_")[1]),
):
    importlib.import_module(module.stem)


def judge(check: Check, column: Column) -> str:
    """Run a check and say why it fails; nothing when it passes."""
    try:
        check.judge(Stage(column))
    except CheckFailedError as failure:
        return f"{find_call(failure)}{failure}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the check has failed
        return f"{find_call(error)}{describe(error)}"
    return ""


def find_call(error: Exception) -> str:
    """Find out which of the four calls was judged when it was raised."""
    how, place = "", error.__traceback__
    while place is not None:
        played = place.tb_frame.f_locals.get("played")
        how = f"{played.how}: " if isinstance(played, Played) else how
        place = place.tb_next
    return how


def run(check: Check, column: Column) -> str:
    """Run a check within its time; a thread that hangs is left alone."""
    reasons: list[str] = []
    thread = threading.Thread(
        target=lambda: reasons.append(judge(check, column)), daemon=True
    )
    thread.start()
    thread.join(check.seconds)
    if not reasons:
        return f"it hangs: no verdict after {check.seconds:.0f} s"
    return reasons[0]


def report(**fields: Any) -> None:
    """Write one line."""
    OUTPUT.write(json.dumps(fields, ensure_ascii=False) + "\n")
    OUTPUT.flush()


def describe_check(check: Check) -> dict[str, Any]:
    """Tell what is to be known of a check outside."""
    return {name: value for name, value in vars(check).items() if name != "judge"}


def main() -> None:
    """Run the checks that argv names, and leave without waiting for hung threads."""
    if sys.argv[1] == "--list":
        OUTPUT.write(json.dumps([describe_check(one) for one in CHECKS.values()]))
        return
    warnings.simplefilter("ignore")
    column = COLUMNS[sys.argv[1]]
    warm_up(column, CHECKS[sys.argv[2]])
    for name in sys.argv[2:]:
        report(started=name)
        start = time.monotonic()
        reason = run(CHECKS[name], column)
        seconds = round(time.monotonic() - start, 2)
        report(name=name, passed=not reason, reason=reason, seconds=seconds)
    os._exit(0)


def warm_up(column: Column, first: Check) -> None:
    """Import what the integration imports late, so that no check's time goes there.

    A check that is alone may be about the first call: it gets a cold process.
    """
    stage = Stage(column)
    stage.build_model()
    if not first.alone:
        stage.play("invoke", completion())
        stage.play("astream", text_stream("Hallo."))


if __name__ == "__main__":
    # What a library prints is no verdict.
    OUTPUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    main()
