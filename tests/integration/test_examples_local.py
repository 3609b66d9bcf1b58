"""Examples on a real language model, started as their README says without a token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.running_examples import read_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

pytestmark = pytest.mark.local_model

EXPECTED: Final = {
    "invoke.py": "Finish reason: stop",
    "stream.py": "'output_tokens': ",
    "agent.py": "Name: get_weather\n\nIt is 21 degrees and sunny in Paris.",
    "structured_output.py": "Person(name='Marie', age=36)\n",
    "rag.py": "30 days of paid holiday",
}


@pytest.fixture(scope="module")
def outputs(
    local_model_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[str]]]:
    """Start all of them, two at a time: most of their time is that of imports."""
    home = tmp_path_factory.mktemp("home")
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(read_output, name, home, local_model_url)
            for name in EXPECTED
        }


@pytest.mark.parametrize("name", EXPECTED)
def test_example_runs_on_a_real_model(
    name: str, outputs: Mapping[str, Future[str]]
) -> None:
    """The file runs as it stands; what it prints is what the model has said."""
    assert EXPECTED[name] in outputs[name].result()
