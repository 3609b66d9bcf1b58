"""What probes have found out → answers to what is unknown about Clarifai's service.

docs/service.md lists the same questions, with what the package does in either case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Facts = Mapping[str, Any]

NOT_SETTLED: Final = "not settled by this check"


@dataclass(frozen=True, slots=True)
class Question:
    """One open question, and how facts answer it; None where they do not."""

    name: str
    text: str
    answer: Callable[[Facts], str | None]


def _tell(*names: str) -> Callable[[Facts], str | None]:
    """Answer with the facts of some names, as far as they are known."""

    def answer(facts: Facts) -> str | None:
        told = [
            f"{name.removeprefix('status_').replace('_', ' ')}: {facts[name]}"
            for name in names
            if facts.get(name)
        ]
        return "; ".join(told) or None

    return answer


def _tell_cold_start(facts: Facts) -> str | None:
    if "cold_start_status" not in facts:
        return None
    said = f"HTTP {facts['cold_start_status']}, code {facts.get('cold_start_code')}"
    if not facts.get("model_answers"):
        return f"{said}; it did not end while it was waited for"
    return f"{said}; it ended within {facts.get('cold_start_seconds', 0):g} s"


def _tell_request_id(facts: Facts) -> str | None:
    if "request_id_header" not in facts:
        return None
    header = facts["request_id_header"]
    return f"the header {header}" if header else "no header of an answer names one"


def _tell_model(facts: Facts) -> str | None:
    backend = facts.get("backend_model")
    if not backend:
        return None
    if backend == facts.get("model_sent"):
        return f"the name that was sent, {backend}"
    return f"the backend's own name, {backend}"


def _tell_reasoning(facts: Facts) -> str | None:
    field = facts.get("reasoning_field")
    if field:
        return str(field)
    return "no thoughts were shown" if facts.get("model_answers") else None


QUESTIONS: Final = (
    Question(
        "statuses",
        "Which HTTP status do refusals have: a wrong token, an unknown model, a "
        "malformed body, a wrong parameter?",
        _tell(
            "status_wrong_token",
            "status_unknown_model",
            "status_malformed_body",
            "status_bad_parameter",
        ),
    ),
    Question("cold_start", "What is a cold start?", _tell_cold_start),
    Question(
        "request_id", "Which header names the request, for support?", _tell_request_id
    ),
    Question("get_models", "Is there GET /models?", _tell("get_models")),
    Question(
        "routing",
        "Does the gateway take a routing key, or a nested extra_body?",
        _tell("deployment_id", "extra_body"),
    ),
    Question("model_name", "What is `model` in answers?", _tell_model),
    Question(
        "version",
        "Does a version work, in the model's URL and in its path?",
        _tell("version_in_url", "version_in_path"),
    ),
    Question("bare_name", "Does a bare model id work?", _tell("bare_name")),
    Question("reasoning", "Which field do thoughts come in?", _tell_reasoning),
    Question(
        "max_tokens", "Does max_tokens work with GPT-5?", _tell("max_tokens_gpt_5")
    ),
    Question("embeddings", "Do embeddings work?", _tell("embeddings")),
)


def answer_all(facts: Facts) -> list[tuple[Question, str]]:
    """Answer each question, or say that it is not settled."""
    return [(question, question.answer(facts) or NOT_SETTLED) for question in QUESTIONS]
