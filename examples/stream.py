"""Print an answer token by token, and what it cost once it is complete.

python examples/stream.py
"""

from langchain_core.messages import AIMessageChunk

from langchain_clarifai import ChatClarifai

model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)

answer = AIMessageChunk(content="")
for chunk in model.stream("Tell me a short joke about physics."):
    print(chunk.text, end="", flush=True)
    answer += chunk  # the sum of the chunks is the answer that `invoke` returns
print()

print("Tokens:", answer.usage_metadata)
