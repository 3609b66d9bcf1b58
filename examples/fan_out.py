"""Ask many questions at once and watch a progress bar; what fails stops nobody else.

pip install tqdm
python examples/fan_out.py
"""

import asyncio

from tqdm import tqdm  # type: ignore[import-untyped]  # it ships no types

from langchain_clarifai import ChatClarifai

COUNTRIES = ["France", "Japan", "Kenya", "Peru", "Norway", "Nepal", "Ghana", "Chile"]


async def main() -> None:
    """Ask for eight capitals, at most four at a time."""
    model = ChatClarifai(
        model="openai/chat-completion/models/gpt-oss-120b", temperature=0
    )
    questions = [f"What is the capital of {country}?" for country in COUNTRIES]
    answers = {}

    with tqdm(total=len(questions), unit="answer") as bar:
        # Answers come in the order in which they are ready, each with its number.
        async for number, answer in model.abatch_as_completed(
            questions, config={"max_concurrency": 4}, return_exceptions=True
        ):
            answers[number] = answer
            bar.update()

    for number, question in enumerate(questions):
        answer = answers[number]
        if isinstance(answer, Exception):
            print(f"{question} FAILED: {answer}")
        else:
            print(f"{question} {answer.text}")


asyncio.run(main())
