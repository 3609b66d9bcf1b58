"""The separate arguments of older integrations → one model."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from langchain_clarifai._settings.model_ids import (
    MODEL_FORMS,
    PART,
    ModelId,
    parse_model,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def build_model_from_parts(
    *,
    model_url: str | None = None,
    user_id: str | None = None,
    app_id: str | None = None,
    model_id: str | None = None,
    model_version_id: str | None = None,
) -> str | None:
    """Build one model string from the arguments of the older integrations.

    Blank arguments count as missing. A `model_id` alone is a bare name.

    Returns:
        The model, or `None` when no argument was given.

    Raises:
        ValueError: If an argument is missing or malformed, or contradicts the URL.
    """
    arguments = {
        "user_id": user_id,
        "app_id": app_id,
        "model_id": model_id,
        "model_version_id": model_version_id,
    }
    parts = {
        name: value.strip()
        for name, value in arguments.items()
        if value is not None and value.strip()
    }
    url = (model_url or "").strip()
    if url:
        return _build_from_url(url, parts)
    if not parts:
        return None
    if parts.keys() == {"model_id"}:
        return parts["model_id"]
    _check_parts(parts)
    return _build_from_ids(parts)


def _build_from_url(url: str, parts: dict[str, str]) -> str:
    """Return the URL, with the version added if that was given as its own argument."""
    if not parts:
        return url
    _check_parts(parts)
    model_id = parse_model(url)
    version_id = parts.get("model_version_id", model_id.version_id)
    written = {
        "user_id": model_id.user_id,
        "app_id": model_id.app_id,
        "model_id": model_id.model_id,
        "model_version_id": model_id.version_id or version_id,
    }
    conflicts = [name for name, value in parts.items() if written[name] != value]
    if conflicts:
        raise ValueError(
            f"`model_url` and {_quote_all(conflicts)} name different models. Give "
            "one of them; `model` takes the URL too."
        )
    return dataclasses.replace(model_id, version_id=version_id).url


def _build_from_ids(parts: dict[str, str]) -> str:
    """Compose the URL of separate ids."""
    if parts.keys() == {"model_id", "model_version_id"}:
        named = parse_model(parts["model_id"])
        return _build_from_url(
            named.url, {"model_version_id": parts["model_version_id"]}
        )
    missing = [name for name in ("user_id", "app_id", "model_id") if name not in parts]
    if missing:
        raise ValueError(
            f"A model is named by `user_id`, `app_id` and `model_id` together, but "
            f"{_quote_all(missing)} is missing. Or give one `model`: {MODEL_FORMS}."
        )
    return ModelId(
        user_id=parts["user_id"],
        app_id=parts["app_id"],
        model_id=parts["model_id"],
        version_id=parts.get("model_version_id"),
    ).url


def _check_parts(parts: dict[str, str]) -> None:
    """Make sure that each part can stand between two slashes.

    Raises:
        ValueError: If one cannot.
    """
    malformed = [name for name, value in parts.items() if not re.fullmatch(PART, value)]
    if malformed:
        raise ValueError(
            f"{_quote_all(malformed)} is no id: ids are made of A-Z, a-z, 0-9, '_', "
            "'-' and '.', at most 128 of them."
        )


def _quote_all(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
