"""Section 5: errors, what they are and what is tried again."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from columns import KEY
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
)
from langchain_core.load import dumps
from payloads import (
    JSON,
    build_chunk,
    chunk,
    completion,
    error,
    events,
    role,
    runner_error,
    status,
    text_stream,
)
from servers.wire import End, Framing, Pause, Reply, event_stream_reply, json_reply
from stage import (
    CheckFailedError,
    Played,
    Stage,
    check,
    expect,
    expect_equal,
    shorten,
)

SDKS = {"openai", "groq", "openrouter", "litellm"}
START = (role(), chunk("Am Anfang "), chunk("war"))


def expect_error(played: Played, kind: type[Exception], *, retryable: bool) -> Any:
    """Expect a class of LangChain's errors; hand the error out."""
    raised = played.error
    name = type(raised).__name__
    expect(isinstance(raised, kind), f"it is a {name}, and should be a {kind.__name__}")
    found = getattr(raised, "is_retryable", None)
    expect_equal(found, retryable, f"is_retryable of {name}")
    return raised


def expect_text(raised: object, *texts: str) -> None:
    """Expect texts in the text of an error."""
    for text in texts:
        expect(text in str(raised), f"{text!r} is not in {shorten(str(raised))}")


@check(5)
def status_with_401(stage: Stage) -> None:
    """`{"status": …}` with 401: the class, with the description and the details."""
    body = status(11009, "API key not found", "the key ends in 77aa")
    for played in stage.fail(json_reply(body, status=401)):
        raised = expect_error(played, ModelAuthenticationError, retryable=False)
        expect_text(raised, "API key not found", "the key ends in 77aa", "11009")


@check(5)
def status_with_403(stage: Stage) -> None:
    """`{"status": …}` with 403 is a denied permission."""
    body = status("CONN_INSUFFICIENT_SCOPES", "Insufficient scopes", "predict missing")
    for played in [
        *stage.fail(json_reply(body, status=403)),
        *stage.fail_stream(json_reply(body, status=403)),
    ]:
        raised = expect_error(played, ModelPermissionDeniedError, retryable=False)
        expect_text(raised, "Insufficient scopes", "predict missing")


@check(5)
def bare_error_with_500(stage: Stage) -> None:
    """A bare `{code, description, details}` with 500: a server error, in its words."""
    body = runner_error("CUDA error: device-side assert triggered")
    for played in stage.fail(json_reply(body, status=500)):
        raised = expect_error(played, ModelAPIError, retryable=True)
        expect_text(raised, "Model prediction failed", "device-side assert", "21313")


@check(5)
def status_in_200(stage: Stage) -> None:
    """`{"status": …}` with 200 is the error of its code."""
    body = status(11102, "Invalid request", "messages: field required")
    for played in stage.fail(body):
        raised = expect_error(played, ModelInvalidRequestError, retryable=False)
        expect_text(raised, "Invalid request", "messages: field required")


@check(5)
def status_with_a_name_in_200(stage: Stage) -> None:
    """A code by its name is as good as its number."""
    body = status("MODEL_DOES_NOT_EXIST", "Model does not exist", "gpt-oss-121b")
    for played in stage.fail(body):
        expect_error(played, ModelNotFoundError, retryable=False)


@check(5)
def bare_error_in_200(stage: Stage) -> None:
    """A bare `{code, description, details}` with 200 is an error."""
    for played in stage.fail(runner_error("list index out of range")):
        raised = expect_error(played, ModelAPIError, retryable=True)
        expect_text(raised, "list index out of range")


@check(5)
def openai_error_in_200(stage: Stage) -> None:
    """`{"error": …}` with 200, choices null, is the error of its code."""
    body = {**error("Slow down!", 429, "rate_limit_error"), "choices": None}
    for played in stage.fail(body):
        raised = expect_error(played, ModelRateLimitError, retryable=True)
        expect_text(raised, "Slow down!")


@check(5)
def bare_error_in_a_stream(stage: Stage) -> None:
    """A bare `{code, description, details}` as an event of a stream is an error."""
    for payloads in ((), START):
        stream = events(*payloads, runner_error("vLLM engine is dead"))
        for played in stage.fail_stream(stream):
            raised = expect_error(played, ModelAPIError, retryable=True)
            expect_text(raised, "vLLM engine is dead")


@check(5)
def status_in_a_stream(stage: Stage) -> None:
    """`{"status": …}` as an event of a stream is the error of its code."""
    stream = events(*START, status(11005, "Throttled", "15 requests per second"))
    for played in stage.fail_stream(stream):
        raised = expect_error(played, ModelRateLimitError, retryable=True)
        expect_text(raised, "15 requests per second")


@check(5)
def openai_error_in_a_stream(stage: Stage) -> None:
    """`{"error": …}` as an event of a stream is the error of its code."""
    broken = build_chunk([], **error("No such parameter: foo", 400))
    for played in stage.fail_stream(events(*START, broken)):
        raised = expect_error(played, ModelInvalidRequestError, retryable=False)
        expect_text(raised, "No such parameter: foo")


@check(5)
def event_named_error(stage: Stage) -> None:
    """`event: error` is an error, whatever its data look like."""
    tail = b'event: error\ndata: {"message": "upstream is gone"}\n\n'
    for played in stage.fail_stream(events(*START, done=False) + tail):
        raised = expect_error(played, ModelError, retryable=True)
        expect_text(raised, "upstream is gone")


@check(5)
def success_is_no_error(stage: Stage) -> None:
    """Code 10000 is success, streamed and plain."""
    good = {"status": {"code": 10000, "description": "Ok", "req_id": "c4ca4238"}}
    for played in stage.answer(completion("Gut.", top=good)):
        expect_equal(played.text, "Gut.", "text")
    first = (build_chunk([], **good), chunk("Gut.", **good))
    stream = events(*first, chunk(finish="stop"))
    for played in stage.stream(stream):
        expect_equal(played.text, "Gut.", "text")


@check(5)
def wrapped_429(stage: Stage) -> None:
    """21313 around `Error code: 429` is a rate limit."""
    details = "Error code: 429 - {'error': {'message': 'Rate limit reached for TPM'}}"
    for played in stage.fail(runner_error(details)):
        expect_error(played, ModelRateLimitError, retryable=True)
    for played in stage.fail_stream(events(runner_error(details))):
        expect_error(played, ModelRateLimitError, retryable=True)


@check(5)
def wrapped_400(stage: Stage) -> None:
    """21313 around `Error code: 400` is an invalid request."""
    details = "Error code: 400 - {'error': {'message': 'temperature must be <= 2'}}"
    for reply in (runner_error(details), json_reply(runner_error(details), status=500)):
        for played in stage.fail(reply):
            raised = expect_error(played, ModelInvalidRequestError, retryable=False)
            expect_text(raised, "temperature must be <= 2")


@check(5)
def wrapped_502(stage: Stage) -> None:
    """21313 around `Error code: 502` is a server error."""
    for played in stage.fail(runner_error("Error code: 502 - Bad gateway")):
        expect_error(played, ModelAPIError, retryable=True)


OVERFLOW = (
    "This model's maximum context length is 131072 tokens. However, you requested "
    "140211 tokens in the messages. Please reduce the length of the messages."
)


@check(5)
def overflow_with_400(stage: Stage) -> None:
    """A context overflow with 400 is a `ContextOverflowError`."""
    body = error(OVERFLOW, "context_length_exceeded")
    for reply in (body, status(11102, "Invalid request", OVERFLOW)):
        for played in stage.fail(json_reply(reply, status=400)):
            expect_error(played, ContextOverflowError, retryable=False)
            expect_error(played, ModelInvalidRequestError, retryable=False)


@check(5)
def overflow_in_200(stage: Stage) -> None:
    """A context overflow that the runner wraps in 200 is one too."""
    details = f"Error code: 400 - {{'object': 'error', 'message': \"{OVERFLOW}\"}}"
    for played in stage.fail(runner_error(details)):
        expect_error(played, ContextOverflowError, retryable=False)


@check(5)
def overflow_in_a_stream(stage: Stage) -> None:
    """A context overflow as an event of a stream is one too, in other words."""
    for text in (
        "The input (140211 tokens) is longer than the model's context length (131072).",
        "Input is too long: prompt is too long: 210000 tokens > 200000 maximum",
    ):
        for body in (runner_error(text), error(text, 400)):
            for played in stage.fail_stream(events(body)):
                expect_error(played, ContextOverflowError, retryable=False)


@check(5)
def status_409(stage: Stage) -> None:
    """409 is typed, and not retryable."""
    for played in stage.fail(json_reply(error("Version conflict"), status=409)):
        raised = expect_error(played, ModelError, retryable=False)
        expect_text(raised, "Version conflict")


@check(5)
def status_422(stage: Stage) -> None:
    """422 is typed, and not retryable."""
    body = {"detail": [{"loc": ["body", "top_p"], "msg": "must be below 1"}]}
    for played in [
        *stage.fail(json_reply(body, status=422)),
        *stage.fail_stream(json_reply(body, status=422)),
    ]:
        raised = expect_error(played, ModelInvalidRequestError, retryable=False)
        expect_text(raised, "must be below 1")


@check(5)
def statuses_are_typed(stage: Stage) -> None:
    """401, 403, 404, 429, 500 and 503 are LangChain's classes and the SDK's."""
    table: JSON = {
        401: (ModelAuthenticationError, False),
        403: (ModelPermissionDeniedError, False),
        404: (ModelNotFoundError, False),
        429: (ModelRateLimitError, True),
        500: (ModelAPIError, True),
        503: (ModelAPIError, True),
    }
    for number, (kind, retryable) in table.items():
        for played in stage.fail(json_reply(error("Nein."), status=number)):
            raised = expect_error(played, kind, retryable=retryable)
            modules = {cls.__module__.partition(".")[0] for cls in type(raised).__mro__}
            expect(modules & SDKS, f"{type(raised).__name__} is no SDK's")
            expect_equal(raised.status_code, number, "status_code")


@check(5)
def error_in_mid_stream(stage: Stage) -> None:
    """An error in mid-stream carries the partial message."""
    for played in stage.fail_stream(events(*START, error("Overloaded", 503))):
        raised = expect_error(played, ModelAPIError, retryable=True)
        carried = [v for v in vars(raised).values() if hasattr(v, "content_blocks")]
        expect(carried, "it carries no message")
        expect_equal(str(carried[0].text), "Am Anfang war", "the partial message")


HTML = (
    "<!doctype html><html><head><title>Wartung</title></head><body>"
    + "<p>Wir sind bald zurück.</p>" * 60
    + "<p>ENDE</p></body></html>"
)


def build_html() -> Reply:
    """Build a page of HTML with status 200."""
    return Reply(
        body=[HTML.encode()],
        headers={"content-type": "text/html", "x-request-id": "req_f00d"},
        framing=Framing.LENGTH,
    )


def expect_excerpt(played: Played) -> None:
    """Expect a typed error with status, request id and an excerpt."""
    raised = played.error
    expect(isinstance(raised, ModelError), f"it is a {type(raised).__name__}")
    expect_text(raised, "200", "req_f00d", "Wartung")
    expect("ENDE" not in str(raised), "it shows the whole page")
    shown = str(raised).count("Wir sind bald")
    expect(shown <= 6, "the excerpt is longer than 200 characters")


@check(5)
def html_in_200(stage: Stage) -> None:
    """HTML with 200 is typed, with status, request id and an excerpt."""
    for played in stage.fail(build_html()):
        expect_excerpt(played)


@check(5)
def html_instead_of_a_stream(stage: Stage) -> None:
    """HTML with 200 instead of a stream is typed likewise."""
    for played in stage.fail_stream(build_html()):
        expect_excerpt(played)


@check(5)
def no_choices_in_200(stage: Stage) -> None:
    """Choices that are null, [] or missing with 200 are typed, with the request id."""
    missing = completion()
    del missing["choices"]
    for body in ({**missing, "choices": None}, {**missing, "choices": []}, missing):
        reply = json_reply(body, headers={"x-request-id": "req_f00d"})
        for played in stage.fail(reply):
            raised = played.error
            expect(isinstance(raised, ModelError), f"it is a {type(raised).__name__}")
            expect_text(raised, "200", "req_f00d")


@check(5)
def no_json_in_an_event(stage: Stage) -> None:
    """An event that is no JSON is a typed error with an excerpt."""
    for played in stage.fail_stream(events(*START, "Internal Server Error")):
        raised = played.error
        expect(isinstance(raised, ModelError), f"it is a {type(raised).__name__}")
        expect_text(raised, "Internal Server Error")


def expect_requests(played: Played, number: int) -> None:
    """Expect a number of requests."""
    expect_equal(len(played.exchanges), number, "number of requests")


@check(5)
def hopeless_errors_are_not_retried(stage: Stage) -> None:
    """401, 403, 404 and models that are not deployed are not tried again."""
    replies = [
        json_reply(error("Nein."), status=401),
        json_reply(error("Nein."), status=403),
        json_reply(status(21200, "Model does not exist"), status=404),
        json_reply(status(21353, "Model is not deployed"), status=500),
        json_reply(status(21350, "Deployment failed"), status=503),
    ]
    for reply in replies:
        for played in stage.fail(reply, reply, reply, retries=2):
            expect_requests(played, 1)


@check(5)
def advice_for_the_key(stage: Stage) -> None:
    """The text for 401 names the variable that the key belongs in."""
    for played in stage.fail(json_reply(error("Unauthorized"), status=401)):
        text = str(played.error)
        expect("_API_KEY" in text or "_PAT" in text, f"no variable: {shorten(text)}")


@check(5)
def advice_for_the_model(stage: Stage) -> None:
    """The text for 404 names the model that was asked for."""
    for played in stage.fail(json_reply(error("Not found"), status=404)):
        expect_text(played.error, "gpt-oss-120b")


@check(5)
def advice_for_the_deployment(stage: Stage) -> None:
    """The text for a model that is not deployed says to deploy it."""
    for code in (21350, 21352, 21353):
        for played in stage.fail(json_reply(status(code, "Kein Modell"), status=500)):
            raised = expect_error(played, ModelError, retryable=False)
            expect("deploy" in str(raised).lower(), "it does not say to deploy")


@check(5, seconds=60)
def starting_model_is_waited_for(stage: Stage) -> None:
    """A model that starts is waited for, more often than errors are retried."""
    for played in stage.answer(
        json_reply(status(21351, "Model is deploying"), status=500),
        json_reply(status("MODEL_LOADING", "Model is loading")),
        json_reply({"detail": "starting"}, status=503),
        json_reply(status(21354, "Model is busy, please retry"), status=503),
        completion("Bereit."),
        retries=2,
    ):
        expect_equal(played.text, "Bereit.", "text")
        expect_requests(played, 5)


@check(5, seconds=30)
def starting_model_in_a_stream(stage: Stage) -> None:
    """A model that starts is waited for when its answer is a stream, too."""
    for played in stage.stream(
        events(status(21355, "Model is loading")),
        text_stream("Bereit."),
        retries=2,
    ):
        expect_equal(played.text, "Bereit.", "text")
        expect_requests(played, 2)


class LogKeeper(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a text."""
        self.texts.append(record.getMessage())


@check(5, seconds=30)
def waiting_is_logged(stage: Stage) -> None:
    """A log line says that a model is waited for."""
    keeper = LogKeeper()
    logging.getLogger().addHandler(keeper)
    try:
        for played in stage.answer(
            json_reply(status(21351, "Modell startet"), status=503),
            completion("Bereit."),
            retries=2,
        ):
            expect_equal(played.text, "Bereit.", "text")
            told = [one for one in keeper.texts if "startet" in one or "21351" in one]
            expect(told, f"the log has {shorten(keeper.texts)}")
            keeper.texts.clear()
    finally:
        logging.getLogger().removeHandler(keeper)


@check(5, seconds=30)
def retry_after_is_honoured(stage: Stage) -> None:
    """429 is tried again after what `Retry-After` says, not before."""
    throttled = json_reply(
        error("Slow down!", 429), status=429, headers={"retry-after": "3"}
    )
    for played in stage.answer(throttled, completion("Da."), retries=2):
        expect_equal(played.text, "Da.", "text")
        first, second = (one.started_at for one in played.exchanges)
        expect(second - first > 2.95, f"it waited {second - first:.1f} s")


@check(5, seconds=30)
def throttling_is_retried_as_often_as_asked(stage: Stage) -> None:
    """429 is tried again `max_retries` times, then it is a rate limit."""
    throttled = json_reply(
        error("Slow down!", 429), status=429, headers={"retry-after": "1"}
    )
    for played in stage.fail(throttled, throttled, throttled, retries=1):
        expect_error(played, ModelRateLimitError, retryable=True)
        expect_requests(played, 2)


@check(5, seconds=60)
def throttling_in_200_is_retried(stage: Stage) -> None:
    """Code 11005 with 200 is tried again."""
    throttled = json_reply(status(11005, "Throttled"), headers={"retry-after": "1"})
    played = stage.play("invoke", throttled, completion("Da."), retries=2)
    if played.error is not None:
        raise CheckFailedError(f"raised {played.error!r}")
    expect_equal(played.text, "Da.", "text")


@check(5, seconds=70)
def throttling_without_a_word(stage: Stage) -> None:
    """429 without `Retry-After` is tried again after about 15 s."""
    throttled = json_reply(error("Slow down!", 429), status=429)
    played = stage.play("ainvoke", throttled, completion("Da."), retries=1)
    expect_requests(played, 2)
    first, second = (one.started_at for one in played.exchanges)
    expect(6 < second - first < 30, f"it waited {second - first:.1f} s")


@check(5)
def nothing_is_retried_after_a_chunk(stage: Stage) -> None:
    """Once a chunk was handed out, nothing is tried again."""
    started = events(*START, done=False)
    for tail in (
        [Pause(0.1), events(runner_error("gone"), done=False)],
        [Pause(0.1), events(status(21354, "Busy"), done=False)],
        [Pause(0.1)],
    ):
        reply = event_stream_reply(started, *tail, end=End.FIN)
        for played in stage.fail_stream(reply, text_stream("Nochmal."), retries=2):
            expect_requests(played, 1)
            expect(played.chunks, "no chunk came out")


@check(5)
def errors_have_attributes(stage: Stage) -> None:
    """An error has `code`, `request_id` and `body`."""
    body = status(21202, "Model argument invalid", "top_p", req_id="deadbeef01")
    for played in stage.fail(json_reply(body, status=400)):
        raised: Any = expect_error(played, ModelInvalidRequestError, retryable=False)
        expect_equal(getattr(raised, "code", None), 21202, "code")
        expect_equal(getattr(raised, "request_id", None), "deadbeef01", "request_id")
        expect("top_p" in str(getattr(raised, "body", None)), "body is lost")


@check(5)
def key_is_in_no_error(stage: Stage) -> None:
    """The key is in no text, repr, body or traceback of an error that echoes it."""
    body = error(f"Incorrect API key provided: {KEY}.", "invalid_api_key")
    for played in [
        *stage.fail(json_reply(body, status=401)),
        *stage.fail_stream(json_reply(body, status=401)),
    ]:
        raised = played.error
        expect(raised is not None, "raised nothing")
        expect(KEY not in str(raised), "it is in the text")
        expect(KEY not in repr(raised), "it is in the repr")
        expect(KEY not in str(getattr(raised, "body", "")), "it is in the body")
        lines = "".join(traceback.format_exception(raised))
        expect(KEY not in lines, "it is in the traceback")


@check(5)
def key_is_in_no_variable_of_a_traceback(stage: Stage) -> None:
    """The key is in no variable of a package that a traceback with locals shows."""
    for played in stage.fail(json_reply(error("Nein."), status=401)):
        raised: Any = played.error
        shown = traceback.TracebackException.from_exception(raised, capture_locals=True)
        expect(KEY not in "".join(shown.format()), "it is in a variable")


@check(5)
def key_is_in_no_dump(stage: Stage) -> None:
    """The key is in no repr, text or dump of the model."""
    model = stage.build_model()
    shown = {
        "repr": repr(model),
        "text": str(model),
        "dumps": dumps(model),
        "model_dump": repr(model.model_dump(exclude={"client", "async_client"})),
        "tracing": repr(model.bind(stop=["."])),
    }
    leaking = [name for name, text in shown.items() if KEY in text]
    expect(not leaking, f"it is in {leaking}")
