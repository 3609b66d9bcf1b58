"""Ask one model, and another one when the first cannot answer, also in a stream.

python examples/fallbacks.py
"""

from langchain_clarifai import ChatClarifai, ClarifaiError

# The first gives up at once; alone, a model is better off with the defaults, which
# try again and wait for a model that is starting.
first = ChatClarifai(
    model="anthropic/completion/models/claude-sonnet-4",
    max_retries=0,
    cold_start_timeout=0,
)
second = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b")
model = first.with_fallbacks([second], exceptions_to_handle=(ClarifaiError,))

answer = model.invoke("Name three primary colours.")
print(f"{answer.response_metadata['model_name']}: {answer.text}")

# A stream changes over until its first chunk is there. What breaks off later is an
# error: half an answer of one model cannot be continued by another.
for chunk in model.stream("Name the four seasons."):
    print(chunk.text, end="", flush=True)
print()
