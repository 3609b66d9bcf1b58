"""Add up what several models cost, as the answers tell or as prices estimate it.

python examples/cost_report.py

Where the server reports no cost, it is estimated from prices that were published at a
certain date. Prices change: look at https://www.clarifai.com/pricing and at the model's
own page, and set what you pay, as one is set here.
"""

from collections import defaultdict

from langchain_clarifai import ChatClarifai, prices

MODELS = [
    "openai/chat-completion/models/gpt-oss-20b",
    "openai/chat-completion/models/gpt-oss-120b-high-throughput",
    "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507",
]


def main() -> None:
    """Ask each model twice, and print what it cost."""
    prices.set_price(MODELS[1], input=0.09, output=0.36, cached_input=0.045)
    costs: dict[str, float] = defaultdict(float)
    for name in MODELS:
        model = ChatClarifai(model=name)
        answers = model.batch(["Name three primary colours.", "Name the four seasons."])
        for answer in answers:
            costs[name] += answer.response_metadata.get("cost", 0.0)
        told = answers[0].response_metadata
        basis = told.get("cost_estimated_with", "the server's word")
        print(f"{name}: ${costs[name]:.8f} ({basis})")
    print(f"All together: ${sum(costs.values()):.8f}")


if __name__ == "__main__":
    main()
