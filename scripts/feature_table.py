"""Write the README's table of what works, from the tests that show it.

Run by `make feature-table`. A feature without a passing test does not get into the
table, and a test in the suite compares the table with this one's features.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
SUITE: Final = "tests/integration/test_standard.py"
LOCAL: Final = "tests/integration/test_local_model.py"
EMBEDDINGS: Final = "tests/integration/test_embeddings.py"

# Feature → the tests that show it: functions of LangChain's standard suite, which run
# against a scripted server, and of our own on the local model.
FEATURES: Final = {
    "Plain answers, batches": "test_invoke test_batch test_question_gets_text",
    "Token streaming": "test_stream test_stream_brings_pieces",
    "Native async": "test_ainvoke test_astream test_abatch test_asynchronous_stream",
    "Event streams (v3)": "test_stream_events_v3 test_astream_events_v3",
    "Tool calling": "test_tool_calling test_weather_question test_unicode_tool_call",
    "Tool choice": "test_tool_choice",
    "Agents": "test_agent_loop test_agent_calls test_agent_runs",
    "Structured output": "test_structured_output test_schema_gets",
    "JSON mode": "test_json_mode",
    "Image input": "test_image_inputs test_image_tool_message",
    "PDF input": "test_pdf_inputs test_pdf_tool_message",
    "Audio input": "test_audio_inputs",
    "Histories in Anthropic's format": "test_anthropic_inputs",
    "Token usage, plain and streamed": "test_usage_metadata",
    "Another model for one call": "test_invoke_with_model_override",
    "Log probabilities": "test_log_probabilities",
    "Several answers (`n`)": "test_two_answers",
    "Stop sequences": "test_stop_sequence",
    "Context overflow as LangChain's error": "test_prompt_beyond test_long_prompt",
    "Embeddings, sync and async": "test_embed test_aembed test_real_",
    "Vector stores": "test_stores test_faiss",
}


class Outcomes:
    """Collects which tests passed, by the name of their function."""

    def __init__(self) -> None:
        self.passed: dict[str, int] = {}
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one finished test."""
        name = report.location[2].rpartition(".")[2].partition("[")[0]
        if report.failed:
            self.failed.append(name)
        elif report.when == "call" and report.passed:
            self.passed[name] = self.passed.get(name, 0) + 1


def build_table(outcomes: Outcomes) -> str:
    """Build the table's Markdown; a feature that nothing shows is an error."""
    rows = ["| Feature | Tests that show it |", "|---|---|"]
    for feature, starts in FEATURES.items():
        wanted = tuple(starts.split())
        names = [name for name in outcomes.passed if name.startswith(wanted)]
        broken = [name for name in outcomes.failed if name.startswith(wanted)]
        if broken or not names:
            sys.exit(f"Not shown: {feature}. Failed: {broken or 'no test ran'}.")
        rows.append(f"| {feature} | {sum(outcomes.passed[name] for name in names)} |")
    return "\n".join(rows)


def replace_section(text: str, name: str, content: str) -> str:
    """Put content between the markers `<!-- name -->` and `<!-- /name -->`."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def main() -> None:
    """Run the tests and rewrite the README's section."""
    outcomes = Outcomes()
    suites = [str(ROOT / suite) for suite in (SUITE, LOCAL, EMBEDDINGS)]
    pytest.main(["-q", "--no-header", *suites], [outcomes])
    readme = ROOT / "README.md"
    table = build_table(outcomes)
    text = replace_section(readme.read_text("utf-8"), "features", table)
    readme.write_text(text, "utf-8")
    print(table)  # noqa: T201 - it is what the user asked for


if __name__ == "__main__":
    main()
