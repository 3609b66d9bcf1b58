"""What the service around the model is asked: each probe → a verdict, and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from langchain_clarifai._check.verdicts import Verdict
from langchain_clarifai._settings.model_ids import ModelId, parse_model, resolve_model

if TYPE_CHECKING:
    from langchain_clarifai._check.lines import Line
    from langchain_clarifai._check.recorder import Exchange

WRONG_TOKEN: Final = "wrong-token-of-langchain-clarifai-check"  # noqa: S105
_GOOD: Final = 200
_FIRST_FAILURE: Final = 300
_FEW_TOKENS: Final = 16
_EMBEDDING_MODEL: Final = (
    "https://clarifai.com/openai/embed/models/text-embedding-ada-002"
)
_OLD_LIMIT_MODEL: Final = (
    "https://clarifai.com/openai/chat-completion/models/gpt-5-nano"
)


def _build_body(line: Line, **changes: Any) -> dict[str, Any]:
    target = line.target
    return {
        "model": resolve_model(target.model, target.base_url),
        "messages": [{"role": "user", "content": "Say: pong"}],
        "max_tokens": _FEW_TOKENS,
        **changes,
    }


def describe(exchange: Exchange) -> str:
    """Say status and code of an answer."""
    said = f"HTTP {exchange.status}"
    body = parse(exchange)
    inner = body
    for name in ("status", "error"):
        if isinstance(body.get(name), dict):
            inner = body[name]
    code = inner.get("code") or inner.get("type")
    text = inner.get("description") or inner.get("message") or inner.get("details")
    if code is not None:
        said += f", code {code}"
    if isinstance(text, str) and text:
        said += f": {text[:120]}"
    return said


def parse(exchange: Exchange) -> dict[str, Any]:
    """Parse the body of an answer; one that is no JSON object counts as empty."""
    try:
        body = orjson.loads(bytes(exchange.body))
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def has_answer(exchange: Exchange) -> bool:
    """Tell whether an answer holds a choice: an error may come with a 200."""
    is_good = exchange.status is not None and exchange.status < _FIRST_FAILURE
    return is_good and bool(parse(exchange).get("choices"))


def _judge_refusal(exchange: Exchange, expected: set[int], what: str) -> Verdict:
    """Judge the answer to a request that must be refused."""
    came = describe(exchange)
    if has_answer(exchange):
        return Verdict("note", came, f"The server takes {what}.")
    if exchange.status in expected:
        return Verdict("ok", came, f"{what.capitalize()} is refused as it should be.")
    return Verdict(
        "note",
        came,
        f"{what.capitalize()} is refused with another status than "
        f"{' or '.join(map(str, sorted(expected)))}; the package reads the code too.",
    )


async def _try_each(line: Line, **changes: dict[str, Any]) -> tuple[set[str], str]:
    """Send a body with each change; note under its name whether the server takes it.

    Returns:
        The names of the changes that were taken, and all answers in words.
    """
    taken: set[str] = set()
    came: list[str] = []
    for name, change in changes.items():
        exchange = await line.post_chat(_build_body(line, **change))
        line.facts[name] = _say_whether_taken(exchange)
        came.append(f"{name}: {describe(exchange)}")
        if has_answer(exchange):
            taken.add(name)
    return taken, "; ".join(came)


async def try_wrong_token(line: Line) -> Verdict:
    """Send a token that nobody has."""
    exchange = await line.post_chat(_build_body(line), token=WRONG_TOKEN)
    line.facts["status_wrong_token"] = describe(exchange)
    return _judge_refusal(exchange, {401, 403}, "a wrong token")


async def try_unknown_model(line: Line) -> Verdict:
    """Ask for a model that does not exist."""
    name = "no-such-model-of-langchain-clarifai"
    if line.target.is_clarifai:
        name = f"https://clarifai.com/openai/chat-completion/models/{name}"
    exchange = await line.post_chat(_build_body(line, model=name))
    line.facts["status_unknown_model"] = describe(exchange)
    return _judge_refusal(exchange, {400, 404}, "an unknown model")


async def try_malformed_body(line: Line) -> Verdict:
    """Send a body that is no JSON."""
    exchange = await line.post_chat(b'{"model": ')
    line.facts["status_malformed_body"] = describe(exchange)
    return _judge_refusal(exchange, {400, 422}, "a malformed body")


async def try_bad_parameter(line: Line) -> Verdict:
    """Send a temperature that no backend takes."""
    exchange = await line.post_chat(_build_body(line, temperature=99))
    line.facts["status_bad_parameter"] = describe(exchange)
    return _judge_refusal(exchange, {400, 422}, "a wrong parameter")


async def try_unknown_keys(line: Line) -> Verdict:
    """Send a routing key at the top of the body, and one nested in `extra_body`."""
    top = {"deployment_id": "none"}
    nested = {"extra_body": {"min_p": 0.0}}
    taken, came = await _try_each(line, deployment_id=top, extra_body=nested)
    if "extra_body" in taken:
        return Verdict("ok", came, "What the runner does not know can be nested.")
    return Verdict(
        "note",
        came,
        "A nested `extra_body` is refused; parameters that are not OpenAI's fail.",
        "Leave such parameters out.",
    )


async def list_server_models(line: Line) -> Verdict:
    """Ask for `GET /models`, which Clarifai does not document."""
    exchange = await line.send("GET", f"{line.target.base_url}/models")
    listed = parse(exchange).get("data")
    if not listed:
        line.facts["get_models"] = f"no list ({describe(exchange)})"
        means = "The server has no list of models here; nothing depends on it."
        return Verdict("note", describe(exchange), means)
    ids = [str(item.get("id")) for item in listed if isinstance(item, dict)]
    line.facts["get_models"] = f"{len(ids)} models, the first {ids[:1]}"
    return Verdict("ok", f"{len(ids)} models, such as {ids[:2]}", "There is a list.")


async def read_catalogue(line: Line) -> Verdict:
    """Look the model up in Clarifai's own API, which tells its version."""
    named = _find_id(line)
    if named is None:
        return Verdict("skipped", "the model is a bare name")
    root = line.target.base_url.partition("/v2/")[0]
    path = f"users/{named.user_id}/apps/{named.app_id}/models/{named.model_id}"
    exchange = await line.send("GET", f"{root}/v2/{path}")
    model = parse(exchange).get("model")
    version = (model.get("model_version") or {}).get("id") if model else None
    if not version:
        means = "The catalogue does not tell the model's version."
        return Verdict("note", describe(exchange), means)
    line.facts["version"] = str(version)
    return Verdict("ok", f"version {str(version)[:8]}…", "The catalogue knows it.")


async def pin_version(line: Line) -> Verdict:
    """Ask for the model by a URL and by a path that pin its version."""
    named, version = _find_id(line), line.facts.get("version")
    if named is None or version is None:
        return Verdict("skipped", "no version is known")
    by_url = {"model": f"{named.url.partition('/versions/')[0]}/versions/{version}"}
    by_path = {"model": f"{named.path}/versions/{version}"}
    taken, came = await _try_each(line, version_in_url=by_url, version_in_path=by_path)
    if "version_in_url" in taken:
        return Verdict("ok", came, "A version can be pinned in the model's URL.")
    return Verdict(
        "note",
        came,
        "A version in the model's URL is refused.",
        "Name the model without a version.",
    )


async def ask_by_name(line: Line) -> Verdict:
    """Ask for the model by its bare id."""
    named = _find_id(line)
    if named is None:
        return Verdict("skipped", "the model is a bare name already")
    exchange = await line.post_chat(_build_body(line, model=named.model_id))
    line.facts["bare_name"] = _say_whether_taken(exchange)
    if has_answer(exchange):
        return Verdict("ok", describe(exchange), "Bare ids of models work.")
    return Verdict("note", describe(exchange), "Bare ids do not work; URLs are sent.")


async def limit_openai_model(line: Line) -> Verdict:
    """Send `max_tokens` to a model whose maker wants `max_completion_tokens`."""
    exchange = await line.post_chat(_build_body(line, model=_OLD_LIMIT_MODEL))
    line.facts["max_tokens_gpt_5"] = _say_whether_taken(exchange)
    if has_answer(exchange):
        return Verdict("ok", describe(exchange), "`max_tokens` works with GPT-5.")
    return Verdict(
        "note",
        describe(exchange),
        "`max_tokens`, or the model itself, is refused.",
        "Use `max_completion_tokens` with OpenAI's reasoning models.",
    )


async def embed(line: Line) -> Verdict:
    """Ask for an embedding."""
    body = {"model": _EMBEDDING_MODEL, "input": ["pong"]}
    url = f"{line.target.base_url}/embeddings"
    exchange = await line.send("POST", url, orjson.dumps(body))
    data = parse(exchange).get("data")
    if exchange.status == _GOOD and data:
        size = len(data[0].get("embedding") or [])
        line.facts["embeddings"] = f"yes, {size} numbers"
        return Verdict("ok", f"{size} numbers", "Embeddings work.")
    line.facts["embeddings"] = f"no ({describe(exchange)})"
    return Verdict("note", describe(exchange), "Embeddings of ada-002 do not work.")


def _say_whether_taken(exchange: Exchange) -> str:
    word = "yes" if has_answer(exchange) else "no"
    return f"{word} ({describe(exchange)})"


def _find_id(line: Line) -> ModelId | None:
    try:
        return parse_model(line.target.model)
    except ValueError:
        return None
