"""A stand-in for Clarifai's gateway, with an outcome for each thing that is unknown."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.servers.openai_wire import JSON, platform_error
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN: Final = "a-good-token-0123456789"
VERSION: Final = "0123456789abcdef0123456789abcdef"
KNOWN: Final = "openai/chat-completion/models/gpt-oss-120b"


def refuse(status: int, code: int, text: str = "No.") -> Reply:
    """Refuse as Clarifai's platform does."""
    return json_reply(platform_error(code, text), status=status)


@dataclass(kw_only=True)
class Outcomes:
    """How the service turns out to be; None means that it takes what was sent."""

    wrong_token: Reply | None = field(default_factory=lambda: refuse(401, 11001))
    unknown_model: Reply | None = field(default_factory=lambda: refuse(404, 21200))
    malformed_body: Reply = field(default_factory=lambda: refuse(400, 11100))
    bad_parameter: Reply | None = field(default_factory=lambda: refuse(400, 11102))
    version_in_url: Reply | None = None
    version_in_path: Reply | None = None
    bare_name: Reply | None = None
    deployment_id: Reply | None = field(default_factory=lambda: refuse(400, 21313))
    extra_body: Reply | None = None
    max_tokens: Reply | None = None
    models: Reply = field(
        default_factory=lambda: json_reply({"data": [{"id": KNOWN}], "object": "list"})
    )
    catalogue: Reply = field(
        default_factory=lambda: json_reply(
            {"model": {"id": "gpt-oss-120b", "model_version": {"id": VERSION}}}
        )
    )
    embeddings: Reply | None = None
    answers_first: Sequence[Reply] = ()
    """Answers to the first requests, such as those of a cold start."""

    answers_always: Reply | None = None
    answer_model: str | None = None
    reasoning: tuple[str, str] | None = None
    """Field and text of thoughts in plain answers."""

    request_id_header: str | None = "x-request-id"


class Gateway(ScriptedServer):
    """Answers as a model that behaves, behind a gateway with these outcomes."""

    def __init__(self, outcomes: Outcomes) -> None:
        super().__init__()
        self.outcomes = outcomes
        self._first = list(outcomes.answers_first)
        self._inner: Any = self.handler
        self.handler = self._pass

    def _pass(self, request: Request) -> Reply:
        outcomes = self.outcomes
        if self._first:
            return self._first.pop(0)
        has_token = TOKEN in request.headers.get("authorization", "")
        refusal = outcomes.answers_always or (
            None if has_token else outcomes.wrong_token
        )
        if refusal is None and request.method == "GET":
            is_list = request.path.endswith("/v1/models")
            refusal = outcomes.models if is_list else outcomes.catalogue
        return refusal or self._let_in(request)

    def _let_in(self, request: Request) -> Reply:
        outcomes = self.outcomes
        try:
            body = json.loads(request.body)
        except ValueError:
            return outcomes.malformed_body
        if request.path.endswith("/embeddings"):
            return outcomes.embeddings or self._inner(request)
        if (refusal := self._choose_refusal(body)) is not None:
            return refusal
        return self._dress(self._inner(request), body)

    def _choose_refusal(self, body: JSON) -> Reply | None:
        """Choose what comes instead of an answer."""
        outcomes, model = self.outcomes, body["model"]
        applying = (
            ("no-such-model" in model, outcomes.unknown_model),
            (body.get("temperature") == 99, outcomes.bad_parameter),
            ("gpt-5" in model, outcomes.max_tokens),
            (model.startswith("https") and VERSION in model, outcomes.version_in_url),
            (model.startswith("openai") and VERSION in model, outcomes.version_in_path),
            ("/" not in model, outcomes.bare_name),
            ("deployment_id" in body, outcomes.deployment_id),
            ("extra_body" in body, outcomes.extra_body),
        )
        return next((reply for applies, reply in applying if applies and reply), None)

    def _dress(self, reply: Reply, body: JSON) -> Reply:
        outcomes = self.outcomes
        headers = {n: v for n, v in reply.headers.items() if n != "x-request-id"}
        if outcomes.request_id_header:
            headers[outcomes.request_id_header] = "request-1"
        if body.get("stream") or not isinstance(reply.body[0], bytes):
            return dataclasses.replace(reply, headers=headers)
        completion = json.loads(reply.body[0])
        if outcomes.answer_model is not None:
            completion["model"] = outcomes.answer_model
        if outcomes.reasoning is not None and "choices" in completion:
            name, text = outcomes.reasoning
            message = completion["choices"][0]["message"]
            message[name] = text + (message["content"] or "") * (name == "content")
        body_bytes = json.dumps(completion).encode()
        return dataclasses.replace(reply, headers=headers, body=[body_bytes])
