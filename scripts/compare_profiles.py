"""models.dev's data, as a file → what it says otherwise than our table of models.

Get https://models.dev/api.json by hand (`curl -o api.json …`), then run

    python scripts/compare_profiles.py api.json

It prints one line for each difference and exits with 1 if there is any.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_clarifai.data._prices import PRICES
from langchain_clarifai.data._profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ABSENT: Final = "nothing"


def read_models(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Read Clarifai's models out of the data: the path of each → what it says.

    Raises:
        ValueError: If the data has no provider named clarifai.
    """
    provider = data.get("clarifai")
    if not isinstance(provider, dict) or not isinstance(provider.get("models"), dict):
        raise ValueError("The file has no models of a provider named clarifai.")
    return dict(provider["models"])


def convert_to_facts(model: Mapping[str, Any]) -> dict[str, Any]:
    """Convert what models.dev says of a model to the keys of our tables."""
    limit, cost = model.get("limit") or {}, model.get("cost") or {}
    inputs = (model.get("modalities") or {}).get("input")
    facts = {
        "max_input_tokens": limit.get("input", limit.get("context")),
        "max_output_tokens": limit.get("output"),
        "tool_calling": model.get("tool_call"),
        "reasoning_output": model.get("reasoning"),
        "price of input": cost.get("input"),
        "price of output": cost.get("output"),
    }
    if inputs is not None:
        kinds = ("text", "image", "audio", "video")
        facts |= {f"{kind}_inputs": kind in inputs for kind in kinds}
    return {name: value for name, value in facts.items() if value is not None}


def find_differences(models: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Find what the two tables say differently, a line for each."""
    for path, model in sorted(models.items()):
        ours: dict[str, Any] = dict(PROFILES.get(path, {}))
        if not ours:
            yield f"{path}: models.dev has it, our table does not"
            continue
        if (price := PRICES.get(path)) is not None:
            ours |= {"price of input": price.input, "price of output": price.output}
        for name, theirs in convert_to_facts(model).items():
            if ours.get(name, _ABSENT) != theirs:
                yield f"{path}: {name}: ours {ours.get(name, _ABSENT)}, theirs {theirs}"
    for path in sorted(PRICES.keys() - models.keys()):
        yield f"{path}: we have a price, and models.dev no longer has the model"


def main(arguments: list[str]) -> int:
    """Compare with the file that is named."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    data = json.loads(Path(arguments[0]).read_text("utf-8"))
    differences = list(find_differences(read_models(data)))
    sys.stdout.writelines(f"{difference}\n" for difference in differences)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
