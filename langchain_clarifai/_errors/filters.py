"""The body of an error → whether a filter of content refused the request.

Azure writes `{"code": "content_filter", "innererror": {"code":
"ResponsibleAIPolicyViolation"}}`, OpenAI `content_policy_violation`, Alibaba
`data_inspection_failed`, and OpenRouter names the `flagged_input` in its metadata. A
runner of Clarifai's puts such a body into its details, as Python or JSON prints it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from langchain_clarifai._errors.overflow import cut_middle

_CODES: Final = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "data_inspection_failed",
        "datainspectionfailed",
        "responsibleaipolicyviolation",
    }
)
_INNER_ERRORS: Final = ("innererror", "inner_error")

# The code with its key and quotes, escaped or not: the bare word may be a parameter's
# name, or stand in the prompt. No repetition here is without a bound.
_QUOTE: Final = r"\\{0,4}[\"']"
_PRINTED: Final = re.compile(
    rf"{_QUOTE}(?:code|type){_QUOTE} {{0,2}}: {{0,2}}{_QUOTE}"
    rf"(?:{'|'.join(sorted(_CODES))}){_QUOTE}",
    re.IGNORECASE,
)


def names_filter(error: Mapping[str, Any]) -> bool:
    """Tell whether an error's own fields say that a filter refused the request."""
    inner = [error.get(name) for name in _INNER_ERRORS]
    holders = [error, *(one for one in inner if isinstance(one, Mapping))]
    codes = [holder.get(key) for holder in holders for key in ("code", "type")]
    if any(isinstance(code, str) and code.strip().lower() in _CODES for code in codes):
        return True
    metadata = error.get("metadata")
    return isinstance(metadata, Mapping) and bool(metadata.get("flagged_input"))


def quotes_filter(text: str) -> bool:
    """Tell whether the words of an error quote an error of a content filter."""
    return _PRINTED.search(cut_middle(text)) is not None
