"""Watch a reasoning model think; its thoughts are apart from its answer.

python examples/reasoning.py
"""

from langchain_core.messages import AIMessageChunk

from langchain_clarifai import ChatClarifai

model = ChatClarifai(
    model="openai/chat-completion/models/gpt-oss-120b",
    reasoning_effort="low",  # "low", "medium" or "high"
)

answer = AIMessageChunk(content="")
for chunk in model.stream("How many times does the letter r occur in strawberry?"):
    for block in chunk.content_blocks:
        if block["type"] == "reasoning":
            print(block["reasoning"], end="", flush=True)
    answer += chunk

print("\n--- The answer:")
print(answer.text)
usage = answer.usage_metadata
if usage and "output_token_details" in usage:
    print("Tokens of thought:", usage["output_token_details"].get("reasoning"))
