"""Each outcome of each open question → the answer in the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.gateway import KNOWN, Outcomes, refuse
from tests.servers.wire import json_reply
from tests.unit.check.reports import COLD, find_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]

URL = f"https://clarifai.com/{KNOWN}"
RUNNER_ERROR = json_reply(
    {"code": 21313, "description": "Model prediction failed", "details": "boom"}
)

# Fields of the outcomes, the question, words of its answer.
OUTCOMES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "statuses", "wrong token: HTTP 401, code 11001"),
    ({"wrong_token": refuse(403, 11007)}, "statuses", "wrong token: HTTP 403"),
    ({"wrong_token": refuse(400, 11102)}, "statuses", "wrong token: HTTP 400"),
    ({"wrong_token": refuse(200, 11001)}, "statuses", "HTTP 200, code 11001"),
    ({"wrong_token": None}, "statuses", "wrong token: HTTP 200;"),
    ({"unknown_model": refuse(404, 21200)}, "statuses", "model: HTTP 404, code 21200"),
    ({"unknown_model": refuse(400, 21202)}, "statuses", "model: HTTP 400, code 21202"),
    ({"unknown_model": RUNNER_ERROR}, "statuses", "model: HTTP 200, code 21313"),
    ({"malformed_body": refuse(422, 11100)}, "statuses", "body: HTTP 422"),
    ({"malformed_body": RUNNER_ERROR}, "statuses", "body: HTTP 200, code 21313"),
    ({"bad_parameter": RUNNER_ERROR}, "statuses", "parameter: HTTP 200, code 21313"),
    ({"bad_parameter": refuse(500, 21313)}, "statuses", "parameter: HTTP 500"),
    ({"bad_parameter": None}, "statuses", "parameter: HTTP 200"),
    ({}, "request_id", "x-request-id"),
    ({"request_id_header": "x-clarifai-request-id"}, "request_id", "x-clarifai-reque"),
    ({"request_id_header": None}, "request_id", "no header of an answer names one"),
    ({}, "get_models", "1 models, the first"),
    ({"models": refuse(404, 11101)}, "get_models", "no list (HTTP 404"),
    ({"models": json_reply(["gpt-oss-120b"])}, "get_models", "no list (HTTP 200"),
    ({}, "routing", "deployment id: no (HTTP 400, code 21313"),
    ({"deployment_id": None}, "routing", "deployment id: yes"),
    ({"extra_body": RUNNER_ERROR}, "routing", "extra body: no (HTTP 200, code 21313"),
    ({}, "routing", "extra body: yes"),
    ({"answer_model": URL}, "model_name", f"the name that was sent, {URL}"),
    ({"answer_model": "gpt"}, "model_name", "the backend's own name, gpt"),
    ({}, "version", "version in url: yes (HTTP 200); version in path: yes"),
    (
        {"version_in_path": refuse(404, 21200)},
        "version",
        "version in path: no (HTTP",
    ),
    ({"version_in_url": refuse(404, 21200)}, "version", "version in url: no (HTTP 404"),
    ({"catalogue": refuse(404, 11101)}, "version", "not settled"),
    ({}, "bare_name", "yes"),
    ({"bare_name": refuse(404, 21200)}, "bare_name", "no (HTTP 404, code 21200"),
    ({"reasoning": ("reasoning", "Hm.")}, "reasoning", "reasoning"),
    ({"reasoning": ("reasoning_content", "Hm.")}, "reasoning", "reasoning_content"),
    ({"reasoning": ("content", "<think>Hm.</think>")}, "reasoning", "content, in <th"),
    ({}, "reasoning", "no thoughts were shown"),
    ({"max_tokens": refuse(400, 21313)}, "max_tokens", "no (HTTP 400"),
    ({}, "max_tokens", "yes"),
    ({}, "embeddings", "yes, 256 numbers"),
    ({"embeddings": refuse(404, 21200)}, "embeddings", "no (HTTP 404"),
    ({}, "cold_start", "not settled"),
    (
        {"answers_first": [COLD, COLD]},
        "cold_start",
        "HTTP 503, code 21351; it ended",
    ),
    ({"answers_first": [refuse(200, 21355)]}, "cold_start", "HTTP 200, code 21355"),
]


@pytest.mark.parametrize(("changes", "question", "words"), OUTCOMES)
def test_each_outcome_of_an_open_question_is_its_answer(
    changes: dict[str, Any], question: str, words: str, way: list[str], check: Check
) -> None:
    """A stand-in for either case; nothing of it counts as broken."""
    report = check(Outcomes(**changes), *way)
    assert words in find_answer(report, question)
