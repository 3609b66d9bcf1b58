"""What came back from one try → what it means, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from langchain_clarifai._errors import classes

Outcome = Literal["ok", "note", "fails", "skipped"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen in one probe; only "fails" means that something does not work."""

    outcome: Outcome
    came: str
    means: str = ""
    do: str = ""


# Error class → (what it means, what to do); the first class that fits counts.
_MEANINGS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        classes.ClarifaiAuthenticationError,
        "The server does not take this token.",
        "See above where it was found; the server may want another (--api-key-env).",
    ),
    (
        classes.ClarifaiAccountError,
        "The account has no right, credit or quota left.",
        "Look at plan and billing of the account that the token belongs to.",
    ),
    (
        classes.ClarifaiPermissionDeniedError,
        "The token is known and may not use this model.",
        "Check the token's scopes, and whether the model is shared with you.",
    ),
    (
        classes.ClarifaiNotDeployedError,
        "The model exists and runs nowhere.",
        "Deploy it to a node pool of your own, or choose a featured model.",
    ),
    (
        classes.ClarifaiNotFoundError,
        "The server has no such model or no such path.",
        "Check the model's id, letter by letter, and base_url.",
    ),
    (
        classes.ClarifaiColdStartError,
        "The model is starting or busy, or the server is down for a while.",
        "Try again later, with --wait for longer; minimum replicas of 1 avoid it.",
    ),
    (
        classes.ClarifaiRateLimitError,
        "The server throttles.",
        "Wait some seconds and try again; ask for fewer requests at once.",
    ),
    (
        classes.ClarifaiMalformedResponseError,
        "What answers does not speak this API: a proxy's page, or another service.",
        "Check base_url and the proxies above.",
    ),
    (
        classes.ClarifaiConnectTimeoutError,
        "No connection could be made in time.",
        "Check the network, a firewall, and base_url.",
    ),
    (
        classes.ClarifaiTimeoutError,
        "The server is silent.",
        "Try again with a longer --timeout; if it stays silent, the model hangs.",
    ),
    (
        classes.ClarifaiUnfinishedStreamError,
        "The stream broke off before its end.",
        "Try again; if it happens often, attach the report to an issue.",
    ),
    (
        classes.ClarifaiTLSError,
        "The server's certificate was refused, or it speaks no TLS.",
        "Do as the error says; see which certificates are trusted, above.",
    ),
    (
        classes.ClarifaiConnectionError,
        "No connection, or it broke.",
        "See the steps of the connection above; check base_url and the network.",
    ),
    (
        classes.ClarifaiBadRequestError,
        "The server refuses a request that it should take.",
        "Attach the report to an issue: it holds what was sent and what came.",
    ),
    (
        classes.ClarifaiError,
        "The server failed.",
        "Try again; if it goes on, attach the report to an issue.",
    ),
)


def judge_error(error: Exception) -> Verdict:
    """Tell what an error means in a probe that expects none."""
    for error_class, means, do in _MEANINGS:
        if isinstance(error, error_class):
            return Verdict("fails", str(error), means, do)
    return Verdict(
        "fails",
        f"{type(error).__name__}: {error}",
        "Something that this package does not foresee.",
        "Attach the report to an issue.",
    )
