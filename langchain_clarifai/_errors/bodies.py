"""The body of an error → the class of our exception, and what it says.

Bodies come in the shapes of Clarifai's platform (`{"status": …}`), of its runner (the
bare `{"code", "description", "details"}`) and of OpenAI (`{"error": …}`). The tables of
`codes` and the words of `overflow` decide.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.faults import is_failed_status
from langchain_clarifai._errors.classes import (
    ClarifaiBadRequestError,
    ClarifaiContentFilterError,
    ClarifaiContextOverflowError,
    ClarifaiInternalServerError,
    ClarifaiPredictionError,
)
from langchain_clarifai._errors.codes import (
    CODES,
    CODES_BY_NAME,
    FIRST_INTERNAL_CODE,
    GENERIC_CODES,
    NEVER_OVERFLOWS,
    PREDICTION_FAILED,
    STATUSES,
    STATUSES_BY_NAME,
)
from langchain_clarifai._errors.filters import names_filter, quotes_filter
from langchain_clarifai._errors.overflow import cut_middle, is_context_overflow

if TYPE_CHECKING:
    from langchain_clarifai._errors.base import ClarifaiError

_WRAPPED_STATUS: Final = re.compile(r"error code: ([45]\d\d)\b", re.IGNORECASE)
_UNKNOWN_ARGUMENT: Final = re.compile(r"unexpected keyword argument '(\w{1,64})'")

_LONGEST_CODE: Final = 200  # characters; a longer text is no code

# The status that a failure is given where nothing tells of what kind it is.
_NO_STATUS: Final = 500

_TEXT_FIELDS: Final = (
    "message",
    "description",
    "details",
    "detail",
    "error",
    "metadata",  # where OpenRouter puts the error of its provider
)


@dataclass(slots=True, frozen=True)
class Description:
    """What an error body says."""

    code: int | str | None
    """Clarifai's code as a number, or the provider's own."""

    text: str
    request_id: str | None
    status: int | None
    """The HTTP status that the body names, or the one that its words stand for."""

    is_filtered: bool = False
    """Whether its fields say that a filter of content refused the request."""

    @property
    def label(self) -> str:
        """The code, with its name where it is Clarifai's."""
        known = CODES.get(self.code) if isinstance(self.code, int) else None
        return f"{self.code} {known[0]}" if known else str(self.code or "")

    @property
    def advice(self) -> str:
        """What to do about it, where its words tell."""
        if (unknown := _UNKNOWN_ARGUMENT.search(cut_middle(self.text))) is None:
            return ""
        name = unknown[1]
        return (
            f"The runner does not know the parameter `{name}`: leave it out, or send "
            f'it to the backend nested, extra_body={{"extra_body": {{"{name}": …}}}}.'
        )


def describe(body: Any) -> Description:
    """Read an error body of any shape."""
    if isinstance(body, list) and body:
        body = body[0]  # Gemini's OpenAI surface wraps its errors in a list
    if not isinstance(body, dict):
        return Description(None, _convert_to_text(body), None, None)
    inner = _find_inner(body)
    code = _read_code(inner.get("code"))
    texts = [_convert_to_text(inner.get(name)) for name in _TEXT_FIELDS]
    request_id = inner.get("req_id") or body.get("req_id") or body.get("request_id")
    return Description(
        code=code,
        text=". ".join(text.rstrip(". ") for text in texts if text)
        or ("" if code else _convert_to_text(inner)),
        request_id=request_id[:_LONGEST_CODE] if isinstance(request_id, str) else None,
        status=_read_status(inner, code),
        is_filtered=names_filter(inner),
    )


def choose_class(description: Description, status: int | None) -> type[Any]:
    """Choose the class of an error, by its code, else by its status.

    Args:
        description: What its body says.
        status: The HTTP status of the failure; None where the body came with a success
            and names none.
    """
    code, text = description.code, description.text
    if description.is_filtered:
        return ClarifaiContentFilterError
    if code in GENERIC_CODES and status not in (None, _NO_STATUS):
        error_class = _choose_by_status(status)
    elif code == PREDICTION_FAILED:
        error_class = _choose_by_details(text)
    elif isinstance(code, int) and code in CODES:
        error_class = CODES[code][1]
    elif isinstance(code, int) and code >= FIRST_INTERNAL_CODE:
        error_class = ClarifaiInternalServerError
    else:
        error_class = _choose_by_status(_NO_STATUS if status is None else status)
    if issubclass(error_class, NEVER_OVERFLOWS):
        return error_class
    if quotes_filter(text):
        return ClarifaiContentFilterError
    overflows = is_context_overflow(f"{code} {text}")
    return ClarifaiContextOverflowError if overflows else error_class


def _choose_by_details(details: str) -> type[ClarifaiError]:
    """Find the error that the runner's own error wraps."""
    if wrapped := _WRAPPED_STATUS.search(cut_middle(details)):
        return _choose_by_status(int(wrapped[1]))
    if _UNKNOWN_ARGUMENT.search(cut_middle(details)):
        return ClarifaiBadRequestError
    return ClarifaiPredictionError


def _choose_by_status(status: int) -> type[ClarifaiError]:
    default = (
        ClarifaiInternalServerError
        if status >= 500  # noqa: PLR2004 - server errors start here
        else ClarifaiBadRequestError
    )
    return STATUSES.get(status, default)


def _find_inner(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object that holds code and texts."""
    names = ["error", "detail", "status"]
    if is_failed_status(body.get("status")):
        names = ["status"]
    inner = (body[name] for name in names if isinstance(body.get(name), dict))
    return next(inner, body)


def _read_code(code: Any) -> int | str | None:
    if isinstance(code, str):
        code = code.strip()
        if code.isdecimal() and code.isascii():
            return int(code[:18])  # Python refuses to convert thousands of digits
        return CODES_BY_NAME.get(code.upper(), code[:_LONGEST_CODE]) or None
    is_whole = isinstance(code, int) or (isinstance(code, float) and code.is_integer())
    return int(code) if is_whole and not isinstance(code, bool) else None


def _read_status(inner: dict[str, Any], code: int | str | None) -> int | None:
    names = (inner.get("code"), inner.get("type"), inner.get("status"))
    candidates = (
        inner.get("http_status_code"),
        inner.get("status_code"),
        inner.get("status"),
        code,
        *(STATUSES_BY_NAME.get(name) for name in names if isinstance(name, str)),
    )
    return next(
        (
            status
            for status in candidates
            if isinstance(status, int) and 400 <= status < 600  # noqa: PLR2004
        ),
        None,
    )


def _convert_to_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if not value:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "(nested too deep to be shown)"
