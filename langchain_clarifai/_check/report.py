"""What a check saw → a JSON file for an issue, and files of bytes for the tests.

Tokens and names of accounts are blotted out in both.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai.data._embedding_models import EMBEDDING_MODELS
from langchain_clarifai.data._profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from langchain_clarifai._check.recorder import Exchange

_TOKEN_MASK: Final = "**********"  # noqa: S105
_NAME_MASK: Final = "ACCOUNT"
_SHORTEST_SECRET: Final = 6
_SHORTEST_NAME: Final = 3
_LONGEST_BODY: Final = 20_000

# Names that a report may show: users and apps whose models come with this package,
# and words of the service's own.
_PUBLIC_NAMES: Final = frozenset(
    {path.split("/")[0] for path in (*PROFILES, *EMBEDDING_MODELS)}
    | {path.split("/")[1] for path in (*PROFILES, *EMBEDDING_MODELS)}
    | {"clarifai", "openai", "system", "user", "assistant", "models", "library", "vllm"}
)
_NAMING_FIELDS: Final = re.compile(
    r'"(?:user_?id|app_?id|user|username|user_name|full_name|first_name|last_name|'
    r"email|primary_email|owner|owned_by|org|org_id|organization|organization_id|"
    r'company_name|account|account_id|team|team_id)"\s*:\s*"((?:[^"\\]|\\.)+)"',
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SECRET_HEADERS: Final = re.compile(
    r"authorization|cookie|token|secret|api-?key|user|account|org(?!in)|client-ip|"
    r"forwarded|real-ip",
    re.IGNORECASE,
)
_SUFFIXES: Final = {"text/event-stream": "sse", "application/json": "json"}


class Blotter:
    """Blots out the token, and every account that an answer names."""

    def __init__(
        self, token: str | None, model: str, exchanges: Iterable[Exchange]
    ) -> None:
        self._token = token or ""
        names = {os.environ.get("CLARIFAI_USER_ID", "")}
        parts = re.sub(r"^https?://[^/]+/", "", model).split("/")
        if "models" in parts:
            names |= set(parts[: parts.index("models")])
        for exchange in exchanges:
            names |= set(
                _NAMING_FIELDS.findall(exchange.body.decode("utf-8", "replace"))
            )
        self._names = sorted(
            (
                name
                for name in names
                if len(name) >= _SHORTEST_NAME and name.casefold() not in _PUBLIC_NAMES
            ),
            key=len,
            reverse=True,
        )
        self._home = os.path.expanduser("~")  # noqa: PTH111 - a text to look for

    def blot(self, text: str) -> str:
        """Blot out a text."""
        if len(self._token) >= _SHORTEST_SECRET:
            text = text.replace(self._token, _TOKEN_MASK)
            # Some servers show the first letters of a token that they refuse.
            start = re.escape(self._token[:_SHORTEST_SECRET])
            text = re.sub(rf"{start}[^\s\"'<>,;]*", _TOKEN_MASK, text)
        for name in self._names:
            text = re.sub(
                rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", _NAME_MASK, text
            )
        text = _EMAIL.sub(_NAME_MASK, text)
        return text.replace(self._home, "~") if len(self._home) > 1 else text

    def blot_all(self, value: Any) -> Any:
        """Blot out every text in a value of JSON."""
        if isinstance(value, str):
            return self.blot(value)
        if isinstance(value, dict):
            return {self.blot(str(k)): self.blot_all(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.blot_all(item) for item in value]
        return value

    def blot_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Blot out secrets in headers, and all of those that name an account."""
        return {
            name: _NAME_MASK if _SECRET_HEADERS.search(name) else self.blot(value)
            for name, value in headers.items()
        }


def convert_to_json(exchange: Exchange, blotter: Blotter) -> dict[str, Any]:
    """Convert a request and its answer to JSON."""
    body = exchange.body.decode("utf-8", "backslashreplace")
    return {
        "method": exchange.method,
        "url": blotter.blot(exchange.url),
        "sent": blotter.blot(exchange.sent.decode("utf-8", "replace")[:_LONGEST_BODY]),
        "status": exchange.status,
        "headers": blotter.blot_headers(exchange.headers),
        "body": blotter.blot(body)[:_LONGEST_BODY],
        "first_byte_after": exchange.first_byte_after,
        "ended_after": exchange.ended_after,
    }


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write the report.

    Raises:
        OSError: If that is not possible.
    """
    text = json.dumps(report, ensure_ascii=False, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")


def write_recordings(
    folder: Path,
    recordings: Sequence[tuple[str, Exchange]],
    blotter: Blotter,
    provenance: str,
) -> None:
    """Write the bytes of each answer as a file, and where they are from.

    Raises:
        OSError: If that is not possible.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Recorded bytes",
        "",
        f"**Recorded**, not constructed: {provenance}.",
        "Tokens and names of accounts are blotted out; nothing else was changed.",
        "",
        "| file | HTTP status | request |",
        "|---|---|---|",
    ]
    for name, exchange in recordings:
        if exchange.status is None:
            continue
        content_type = exchange.headers.get("content-type", "").partition(";")[0]
        file_name = f"{name}.{_SUFFIXES.get(content_type, 'txt')}"
        body = blotter.blot(exchange.body.decode("utf-8", "surrogateescape"))
        (folder / file_name).write_bytes(body.encode("utf-8", "surrogateescape"))
        url = blotter.blot(exchange.url)
        lines.append(f"| `{file_name}` | {exchange.status} | {exchange.method} {url} |")
    (folder / "README.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
