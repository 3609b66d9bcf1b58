"""Arguments of the command line → a check, its report, and an exit code.

Exit codes: 0 where all works, 1 where something does not, 2 where the check could not
run or was broken off.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.lines import AsyncLine, Line, SyncLine, Target, drive
from langchain_clarifai._check.network import Step, measure_steps
from langchain_clarifai._check.options import FLAGSHIP, build_parser
from langchain_clarifai._check.printing import Printer
from langchain_clarifai._check.probes import (
    MOST_REQUESTS,
    Probe,
    choose_probes,
    count_requests,
    try_probe,
)
from langchain_clarifai._check.questions import NOT_SETTLED, answer_all
from langchain_clarifai._check.recorder import Exchange, Recorder
from langchain_clarifai._check.report import (
    Blotter,
    convert_to_json,
    write_recordings,
    write_report,
)
from langchain_clarifai._check.service_probes import parse
from langchain_clarifai._check.surroundings import (
    describe_certificates,
    find_proxy,
    find_source_of_base_url,
    find_source_of_token,
    read_versions,
)
from langchain_clarifai._errors.classes import ClarifaiError
from langchain_clarifai._settings.credentials import MISSING_TOKEN, normalize_base_url
from langchain_clarifai._settings.hosts import is_clarifais
from langchain_clarifai._settings.model_ids import is_clarifai_base_url, resolve_model

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from langchain_clarifai._check.verdicts import Verdict

_WORKS, _FAILS, _COULD_NOT_RUN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = build_parser().parse_args(arguments)
    printer = Printer(sys.stdout)
    try:
        check = _Check(options, printer)
        return check.run()
    except KeyboardInterrupt:
        sys.stderr.write("Broken off before the first probe.\n")
        return _COULD_NOT_RUN
    except (ValueError, OSError, EOFError) as error:
        sys.stderr.write(f"The check could not run: {error}\n")
        return _COULD_NOT_RUN


class _Check:
    """One check, from the settings to the report."""

    def __init__(self, options: argparse.Namespace, printer: Printer) -> None:
        self._options = options
        self._printer = printer
        if options.report and not options.report.parent.is_dir():
            # Otherwise it would fail at the end, after requests that cost something.
            raise ValueError(f"There is no folder {options.report.parent}.")
        base_url, self._base_source = find_source_of_base_url(options.base_url)
        base_url = normalize_base_url(base_url, allow_http=options.allow_http)
        token, self._token_source = find_source_of_token(base_url, options.api_key_env)
        is_clarifai = is_clarifai_base_url(base_url)
        if token is None and is_clarifais(base_url):
            raise ValueError(MISSING_TOKEN)
        self._target = Target(
            base_url=base_url,
            model=options.model or (FLAGSHIP if is_clarifai else ""),
            token=token,
            timeout=options.timeout,
            allow_http=options.allow_http,
        )
        self._recorder = Recorder(MOST_REQUESTS)
        line_class = AsyncLine if options.is_async else SyncLine
        self._line: Line = line_class(self._target, self._recorder)
        self._line.facts["wait"] = options.wait
        self._verdicts: list[tuple[Probe, Verdict, list[Exchange]]] = []
        self._steps: list[Step] = []
        self._is_interrupted = False
        self._started = dt.datetime.now(dt.UTC)

    def run(self) -> int:
        """Run it; return the exit code."""
        self._show_settings()
        is_reached = self._measure()
        if is_reached:
            self._choose_model()
            probes = choose_probes(self._target)
            if not self._may_go_on(probes):
                return _COULD_NOT_RUN
            self._try_all(probes)
        self._show_answers()
        self._write()
        if self._is_interrupted:
            self._printer.say("Broken off: the report is a part of one.")
            return _COULD_NOT_RUN
        failed = [probe.title for probe, v, _ in self._verdicts if v.outcome == "fails"]
        failed += [step.name for step in self._steps if not step.is_good]
        self._printer.say()
        if failed:
            self._printer.say(f"Does not work: {', '.join(failed)}.")
            return _FAILS
        self._printer.say("Everything that was tried works, or is noted above.")
        return _WORKS

    def _show_settings(self) -> None:
        say = self._printer.say_about
        self._printer.say("Settings")
        say("server", f"{self._target.base_url} (from {self._base_source})")
        say("token", self._token_source)
        source = "the argument --model" if self._options.model else "the default"
        say("model", f"{self._target.model or 'the first of GET /models'} ({source})")
        say("proxy", find_proxy(self._target.base_url) or "none")
        say("certificates", describe_certificates())
        versions = (f"{name} {version}" for name, version in read_versions().items())
        say("versions", ", ".join(versions))

    def _measure(self) -> bool:
        """Measure the way to the server, or to the proxy before it."""
        self._printer.say()
        proxy = find_proxy(self._target.base_url)
        self._printer.say("Connection" + (" to the proxy" if proxy else ""))
        timeout = min(self._target.timeout, 10.0)
        for step in measure_steps(proxy or self._target.base_url, timeout):
            self._steps.append(step)
            self._printer.show_step(step)
        return all(step.is_good for step in self._steps)

    def _choose_model(self) -> None:
        """Take the first model that the server lists, where the user named none.

        Raises:
            ValueError: If it lists none, or the name is malformed.
        """
        if not self._target.model:
            self._target.model = self._run(_find_first_model(self._line))
        resolve_model(self._target.model, self._target.base_url)

    def _may_go_on(self, probes: Sequence[Probe]) -> bool:
        self._printer.say()
        tokens = sum(probe.tokens for probe in probes)
        self._printer.announce(probes, count_requests(probes), tokens)
        if self._options.yes:
            return True
        if not sys.stdin.isatty():
            sys.stderr.write("Nothing was sent: give --yes, or answer on a terminal.\n")
            return False
        return input("Go on? [y/N] ").strip().casefold() in {"y", "yes"}

    def _try_all(self, probes: Sequence[Probe]) -> None:
        self._printer.say()
        self._printer.say("Probes")
        try:
            self._run(self._try_each(probes))
        except KeyboardInterrupt:
            self._is_interrupted = True

    async def _try_each(self, probes: Sequence[Probe]) -> None:
        for number, probe in enumerate(probes, 1):
            self._printer.show_progress(number, len(probes), probe.title)
            first = len(self._recorder.exchanges)
            verdict = await try_probe(self._line, probe)
            exchanges = self._recorder.exchanges[first:]
            self._verdicts.append((probe, verdict, exchanges))
            self._printer.show_verdict(probe.title, verdict)

    def _run(self, coroutine: Any) -> Any:
        if self._options.is_async:
            return asyncio.run(coroutine)
        return drive(coroutine)

    def _show_answers(self) -> None:
        if self._target.is_clarifai and self._verdicts:
            self._printer.say()
            self._printer.say("Open questions about the service (docs/service.md)")
            self._printer.show_answers(answer_all(self._line.facts))

    def _write(self) -> None:
        options, exchanges = self._options, self._recorder.exchanges
        blotter = Blotter(self._target.token, self._target.model, exchanges)
        if options.report:
            write_report(options.report, self._build_report(blotter))
            self._printer.say(f"The report is in {options.report}.")
        if options.record:
            date = self._started.date().isoformat()
            server = blotter.blot(self._target.base_url)
            model = blotter.blot(self._target.model)
            recordings = [
                (f"{probe.name}_{number}" if len(sent) > 1 else probe.name, exchange)
                for probe, _, sent in self._verdicts
                for number, exchange in enumerate(sent, 1)
            ]
            provenance = f"{date}, {server}, model {model}"
            write_recordings(options.record, recordings, blotter, provenance)
            self._printer.say(f"The bytes are in {options.record}.")

    def _build_report(self, blotter: Blotter) -> dict[str, Any]:
        target, facts = self._target, self._line.facts
        answers = answer_all(facts) if target.is_clarifai else []
        return {
            "format": 1,
            "started": self._started.isoformat(timespec="seconds"),
            "is_complete": not self._is_interrupted,
            "versions": read_versions(),
            "settings": blotter.blot_all(self._describe_settings()),
            "connection": [
                {"step": s.name, "seconds": s.seconds, "came": s.came, "ok": s.is_good}
                for s in self._steps
            ],
            "probes": [
                {
                    "name": probe.name,
                    "outcome": verdict.outcome,
                    "came": blotter.blot(verdict.came),
                    "means": verdict.means,
                    "do": verdict.do,
                    "exchanges": [convert_to_json(e, blotter) for e in exchanges],
                }
                for probe, verdict, exchanges in self._verdicts
            ],
            "open_questions": [
                {
                    "name": question.name,
                    "question": question.text,
                    "answer": blotter.blot(answer),
                    "settled": answer != NOT_SETTLED,
                }
                for question, answer in answers
            ],
        }

    def _describe_settings(self) -> dict[str, Any]:
        target = self._target
        return {
            "base_url": {"value": target.base_url, "from": self._base_source},
            "token": {"from": self._token_source},
            "model": target.model,
            "async": self._options.is_async,
            "proxy": find_proxy(target.base_url),
            "certificates": describe_certificates(),
        }


async def _find_first_model(line: Line) -> str:
    """Find the first model that the server lists.

    Raises:
        ValueError: If it lists none.
    """
    try:
        exchange = await line.send("GET", f"{line.target.base_url}/models")
    except ClarifaiError as error:
        raise ValueError(f"{error} Name the model with --model.") from None
    listed = parse(exchange).get("data") or [{}]
    name = listed[0].get("id") if isinstance(listed[0], dict) else None
    if not isinstance(name, str) or not name:
        raise ValueError("The server lists no models. Name one with --model.")
    return name
