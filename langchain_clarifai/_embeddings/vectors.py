"""One vector as the wire has it → a list of finite floats.

Base64 holds the numbers as little-endian float32, one after the other, as OpenAI's API
defines it. Nothing here loops in Python: a batch has hundreds of thousands of numbers.
"""

from __future__ import annotations

import array
import binascii
import math
import sys
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

_BYTES_PER_NUMBER: Final = 4
_NUMBERS: Final = frozenset({int, float})

# pydantic's decoder is in Rust, and takes a fifth of the time of Python's (5 µs against
# 28 for 1,536 numbers), which would be the most of reading an answer.
_BASE64: Final = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64"))


def convert_to_vector(embedding: Any, *, is_base64: bool) -> list[float]:
    """Convert one vector.

    Args:
        embedding: What the server sent.
        is_base64: Whether base64 was asked for. A list is taken all the same: some
            servers ignore what they were asked.

    Raises:
        ValueError: If it is no vector, or a number in it is not finite. The text is the
            rest of a sentence that begins with "A vector".
    """
    if isinstance(embedding, str) and is_base64:
        vector = _decode(embedding)
    elif isinstance(embedding, list):
        vector = _check_numbers(embedding)
    else:
        raise ValueError(f"is a {type(embedding).__name__}, not a list of numbers")
    if not vector:
        raise ValueError("is empty")
    return vector


def _decode(text: str) -> list[float]:
    content = _decode_base64(text)
    if len(content) % _BYTES_PER_NUMBER:
        raise ValueError("is base64 that holds no whole number of float32")
    numbers = array.array("f", content)
    if sys.byteorder == "big":  # pragma: no cover - no machine of ours is
        numbers.byteswap()
    vector = numbers.tolist()
    # The highest byte of a number that is infinite, not a number, or from 1.7e38 up.
    highest = content[_BYTES_PER_NUMBER - 1 :: _BYTES_PER_NUMBER]
    if b"\x7f" in highest or b"\xff" in highest:
        _check_finite(vector)
    return vector


def _decode_base64(text: str) -> bytes:
    try:
        return _BASE64.validate_strings(text)
    except ValidationError:
        pass  # Python's decoder takes some texts that pydantic's refuses
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # of binascii, or since it is not ASCII
        raise ValueError("is text that is no base64") from None


def _check_numbers(numbers: list[Any]) -> list[float]:
    kinds = set(map(type, numbers))
    if not kinds <= _NUMBERS:
        names = ", ".join(sorted(kind.__name__ for kind in kinds - _NUMBERS))
        raise ValueError(f"holds what is no number ({names})")
    try:
        vector = numbers if kinds == {float} else list(map(float, numbers))
    except OverflowError:
        raise ValueError("holds a number beyond all floats") from None
    _check_finite(vector)
    return vector


def _check_finite(vector: list[float]) -> None:
    # If a number is not finite, the sum is not; that is quick to see. The sum may also
    # have overflowed, so each number is looked at then.
    if not math.isfinite(sum(vector)) and not all(map(math.isfinite, vector)):
        raise ValueError("holds a number that is not finite")
