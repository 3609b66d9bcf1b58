"""Names of parameters → whether the endpoint has them, and what to do instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN_TO_RUNNER: Final = frozenset(
    {
        "audio",
        "extra_body",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "mcp_servers",
        "messages",
        "metadata",
        "modalities",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    }
)
"""What the runner's `create()` takes as parameters, and what the runner reads itself.

It reads `top_k`, and for agentic models `mcp_servers`. Any other key at the top of the
body fails the call with code 21313.
"""

# These belong to a single request, and are no parameters of a model.
_OF_ONE_REQUEST: Final = frozenset({"messages", "model", "stream"})
CHAT_PARAMETERS: Final = KNOWN_TO_RUNNER - _OF_ONE_REQUEST | {"stream_options"}
"""Parameters of the endpoint for chat; those without a field go into `model_kwargs`."""

EMBEDDING_PARAMETERS: Final = frozenset({"user"})
"""Parameters of the endpoint for embeddings, beside the fields."""

_NO_ROUTING: Final = (
    "`{}` cannot be sent: Clarifai's OpenAI-compatible API has no parameter that "
    "chooses a deployment, so pin a version in the model's URL "
    "(`…/models/MODEL/versions/VERSION`), which runs on its active deployment."
)
_REFUSED: Final = {
    **dict.fromkeys(
        (
            "compute_cluster_id",
            "deployment_id",
            "deployment_user_id",
            "nodepool_id",
            "runner_selector",
        ),
        _NO_ROUTING,
    ),
    "use_responses_api": (
        "`{}` is ChatOpenAI's: ChatClarifai always speaks `/chat/completions`, which "
        "has tools, reasoning and structured output, so leave it out."
    ),
}
# How alike two names must be for one to be a misspelling of the other.
_ALIKE: Final = 0.75


def refuse(names: Iterable[str]) -> None:
    """Refuse parameters that could not work if they were sent.

    Raises:
        ValueError: If there is such a name; the text says what to do instead.
    """
    for name in sorted(_REFUSED.keys() & set(names)):
        raise ValueError(_REFUSED[name].format(name))


def suggest(name: str, names: Iterable[str]) -> str:
    """Name the argument that a misspelt one is closest to; empty if none is close."""
    folded = {other.replace("_", ""): other for other in sorted(names)}
    wanted = name.casefold().replace("_", "").replace("-", "")
    closest = difflib.get_close_matches(wanted, folded, n=1, cutoff=_ALIKE)
    return folded[closest[0]] if closest else ""
