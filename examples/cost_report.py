"""Add up what several models cost, from the tokens that they report.

python examples/cost_report.py

Prices change: look at https://www.clarifai.com/pricing and at the model's own page.
These are USD per million tokens, as https://models.dev had them on 2026-07-02.
"""

from typing import NamedTuple

from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages.ai import UsageMetadata

from langchain_clarifai import ChatClarifai


class Price(NamedTuple):
    """USD per million tokens; without a price of their own, cached ones cost as any."""

    input: float
    output: float
    cached: float | None = None

    def compute_cost(self, usage: UsageMetadata) -> float:
        """Compute what these tokens cost, in USD."""
        # Cached tokens are among the input tokens, thoughts among the output tokens.
        cached = usage.get("input_token_details", {}).get("cache_read", 0)
        uncached = usage["input_tokens"] - cached
        cached_price = self.input if self.cached is None else self.cached
        return (
            uncached * self.input
            + cached * cached_price
            + usage["output_tokens"] * self.output
        ) / 1_000_000


PRICES = {
    "openai/chat-completion/models/gpt-oss-20b": Price(0.045, 0.18),
    "openai/chat-completion/models/gpt-oss-120b-high-throughput": Price(0.09, 0.36),
    "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507": Price(0.30, 0.50),
}


def main() -> None:
    """Ask each model twice, and print what it cost."""
    counter = UsageMetadataCallbackHandler()
    for name in PRICES:
        model = ChatClarifai(model=name, callbacks=[counter])
        model.batch(["Name three primary colours.", "Name the four seasons."])

    total = 0.0
    for name, usage in counter.usage_metadata.items():
        cost = PRICES[name].compute_cost(usage)
        total += cost
        tokens = f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out"
        print(f"{name}: {tokens}, ${cost:.8f}")
    print(f"All together: ${total:.8f}")


if __name__ == "__main__":
    main()
