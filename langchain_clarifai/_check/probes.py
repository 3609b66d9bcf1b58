"""Server and model → the probes that are tried, in their order, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from langchain_clarifai._check import chat_probes, service_probes
from langchain_clarifai._check.recorder import TooManyRequestsError
from langchain_clarifai._check.verdicts import Verdict, judge_error
from langchain_clarifai._errors.classes import (
    ClarifaiConnectionError,
    ClarifaiError,
    ClarifaiTimeoutError,
)
from langchain_clarifai._settings.arguments import find_known_profile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from langchain_clarifai._check.lines import Line, Target


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that is tried, and how many requests and tokens it takes at most."""

    name: str
    title: str
    ask: Callable[[Line], Awaitable[Verdict]]
    requests: int
    tokens: int
    is_clarifais: bool = False
    """Whether only Clarifai can answer it."""

    needs_model: bool = False
    """Whether it is skipped where the model gave no plain answer."""

    needs_images: bool = False


_SHORT: Final = 16
_LONG: Final = chat_probes.ANSWER_TOKENS

PROBES: Final = (
    Probe("plain", "a plain answer", chat_probes.ask_plainly, 5, _LONG),
    Probe("stream", "a stream", chat_probes.ask_for_stream, 1, _LONG, needs_model=True),
    Probe(
        "tool",
        "a tool call and its second turn",
        chat_probes.call_tool,
        2,
        4 * _LONG,
        needs_model=True,
    ),
    Probe(
        "reasoning",
        "thoughts and their way back",
        chat_probes.reason,
        2,
        4 * _LONG,
        needs_model=True,
    ),
    Probe(
        "json_schema",
        "JSON of a schema",
        chat_probes.ask_for_schema,
        1,
        2 * _LONG,
        needs_model=True,
    ),
    Probe(
        "image",
        "an image",
        chat_probes.show_image,
        1,
        _LONG,
        needs_model=True,
        needs_images=True,
    ),
    Probe("wrong_token", "a wrong token", service_probes.try_wrong_token, 1, _SHORT),
    Probe(
        "unknown_model",
        "an unknown model",
        service_probes.try_unknown_model,
        1,
        _SHORT,
    ),
    Probe(
        "malformed_body", "a malformed body", service_probes.try_malformed_body, 1, 0
    ),
    Probe(
        "bad_parameter",
        "a temperature of 99",
        service_probes.try_bad_parameter,
        1,
        _SHORT,
        needs_model=True,
    ),
    Probe("models", "GET /models", service_probes.list_server_models, 1, 0),
    Probe(
        "catalogue",
        "Clarifai's catalogue",
        service_probes.read_catalogue,
        1,
        0,
        is_clarifais=True,
    ),
    Probe(
        "version",
        "a version in the model's URL, and in its path",
        service_probes.pin_version,
        2,
        2 * _SHORT,
        is_clarifais=True,
        needs_model=True,
    ),
    Probe(
        "bare_name",
        "the model's bare id",
        service_probes.ask_by_name,
        1,
        _SHORT,
        is_clarifais=True,
        needs_model=True,
    ),
    Probe(
        "unknown_keys",
        "a deployment_id, and a nested extra_body",
        service_probes.try_unknown_keys,
        2,
        2 * _SHORT,
        is_clarifais=True,
        needs_model=True,
    ),
    Probe(
        "max_tokens",
        "max_tokens with GPT-5",
        service_probes.limit_openai_model,
        1,
        _SHORT,
        is_clarifais=True,
    ),
    Probe("embeddings", "an embedding", service_probes.embed, 1, 8, is_clarifais=True),
)
MOST_REQUESTS: Final = 25
"""Requests of one check, at most, whatever goes wrong."""


def choose_probes(target: Target) -> list[Probe]:
    """Choose what can be tried on a server and with a model."""
    profile = find_known_profile(target.model, target.base_url) or {}
    sees = not target.is_clarifai or bool(profile.get("image_inputs"))
    return [
        probe
        for probe in PROBES
        if (target.is_clarifai or not probe.is_clarifais)
        and (sees or not probe.needs_images)
    ]


def count_requests(probes: Sequence[Probe]) -> int:
    """Count the requests that probes may send."""
    return min(MOST_REQUESTS, sum(probe.requests for probe in probes))


async def try_probe(line: Line, probe: Probe) -> Verdict:
    """Try one probe; whatever goes wrong is a verdict too."""
    if line.facts.get("server_is_gone"):
        return Verdict("skipped", "the server could not be reached")
    if probe.needs_model and not line.facts.get("model_answers"):
        return Verdict("skipped", "the model gave no plain answer")
    try:
        verdict = await probe.ask(line)
    except TooManyRequestsError as error:
        return Verdict("skipped", str(error))
    except ClarifaiError as error:
        is_plain = probe.ask is chat_probes.ask_plainly
        is_gone = isinstance(error, ClarifaiConnectionError | ClarifaiTimeoutError)
        line.facts["server_is_gone"] = is_plain and is_gone and error.response is None
        return judge_error(error)
    except Exception as error:  # noqa: BLE001 - a check goes on, and says what it saw
        return judge_error(error)
    if probe.ask is chat_probes.ask_plainly:
        line.facts["model_answers"] = True
    return verdict
