"""What is known of several answers → one `llm_output`, as LangChain wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_core.outputs import ChatResult


def add_llm_output(result: ChatResult) -> ChatResult:
    """Give a result that LangChain added up from chunks a plain answer's `llm_output`.

    `langchain_core.language_models.chat_models.generate_from_stream` leaves it out.
    An answer from a cache has none, streamed or not: it cost no tokens. LangChain
    marks its usage with a `total_cost` of 0.
    """
    if result.llm_output is not None or not result.generations:
        return result
    message = result.generations[0].message
    if not isinstance(message, AIMessage) or "total_cost" in (
        message.usage_metadata or {}
    ):
        return result
    metadata = message.response_metadata
    llm_output = {
        name: metadata[name]
        for name in ("model_name", "token_usage")
        if name in metadata
    }
    return result.model_copy(update={"llm_output": llm_output})


def combine_llm_outputs(
    llm_outputs: Iterable[Mapping[str, Any] | None],
) -> dict[str, Any]:
    """Add up the token counts of several answers; those from a cache have none."""
    combined: dict[str, Any] = {}
    for llm_output in filter(None, llm_outputs):
        counts = combined.pop("token_usage", {})
        combined |= llm_output
        combined["token_usage"] = _add_counts(
            counts, llm_output.get("token_usage") or {}
        )
    return combined


def _add_counts(counts: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Add counts of the same name, also those in objects such as `…_tokens_details`.

    What is no whole number is no count. Of a count and an object under one name, the
    one that came first stays.
    """
    total = dict(counts)
    for name, count in more.items():
        known = total.get(name)
        if isinstance(count, dict) and (known is None or isinstance(known, dict)):
            total[name] = _add_counts(known or {}, count)
        elif type(count) is int and (known is None or isinstance(known, int)):
            total[name] = (known or 0) + count
    return total
