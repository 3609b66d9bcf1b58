"""A model's path → what its tokens cost, as far as someone publishes it.

The prices are those of models.dev, as of the date below. A contributor keeps them there
after Clarifai's own pages, and rounds some of them:
https://github.com/anomalyco/models.dev/tree/dev/providers/clarifai. What Clarifai
really charges is on its bill alone.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Price(NamedTuple):
    """USD for a million tokens.

    Cached tokens are among those of the input, and cost the same unless they have a
    price of their own. Thoughts are among the tokens of the output.
    """

    input: float
    output: float
    cached_input: float | None = None

    def compute_cost(
        self, input_tokens: int, output_tokens: int, cached_tokens: int = 0
    ) -> float:
        """Compute what an answer costs, in USD."""
        cached = min(cached_tokens, input_tokens)
        cached_price = self.input if self.cached_input is None else self.cached_input
        cost = (
            (input_tokens - cached) * self.input
            + cached * cached_price
            + output_tokens * self.output
        )
        return cost / 1_000_000


PRICES_AS_OF: Final = "2026-07-02"
PRICES: Final = {
    "arcee_ai/AFM/models/trinity-mini": Price(0.045, 0.15),
    "clarifai/main/models/mm-poly-8b": Price(0.658, 1.11),
    "deepseek-ai/deepseek-ocr/models/DeepSeek-OCR": Price(0.20, 0.70),
    "minimaxai/chat-completion/models/MiniMax-M2_5-high-throughput": Price(0.30, 1.20),
    "mistralai/completion/models/Ministral-3-14B-Reasoning-2512": Price(2.50, 1.70),
    "mistralai/completion/models/Ministral-3-3B-Reasoning-2512": Price(1.039, 0.548),
    "moonshotai/chat-completion/models/Kimi-K2_6": Price(0.95, 4.0),
    "openai/chat-completion/models/gpt-oss-120b-high-throughput": Price(0.09, 0.36),
    "openai/chat-completion/models/gpt-oss-20b": Price(0.045, 0.18),
    "qwen/qwenCoder/models/Qwen3-Coder-30B-A3B-Instruct": Price(0.115, 0.748),
    "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507": Price(0.30, 0.50),
    "qwen/qwenLM/models/Qwen3-30B-A3B-Thinking-2507": Price(0.36, 1.30),
}
