"""Examples on a real language model, started as their README says without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.running_examples import read_output

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.local_model

EXPECTED: Final = {
    "invoke.py": "Finish reason: stop",
    "stream.py": "'output_tokens': ",
    "agent.py": "Name: get_weather\n\nIt is 21 degrees and sunny in Paris.",
    # Which name it finds in the text, this small model does not always say alike.
    "structured_output.py": "Person(name='",
    "rag.py": "30 days of paid holiday",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_example_runs_on_a_real_model(
    name: str, local_model_url: str, tmp_path: Path
) -> None:
    """The file runs as it stands; what it prints is what the model has said.

    One after the other: of two at once the model does not always say the same.
    """
    assert EXPECTED[name] in read_output(name, tmp_path, local_model_url)
