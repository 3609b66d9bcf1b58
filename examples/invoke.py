"""Ask a model a question: the answer's text, and what comes with it.

python examples/invoke.py
"""

from langchain_clarifai import ChatClarifai

model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)

answer = model.invoke(
    [
        ("system", "You answer in one short sentence."),
        ("human", "Why is the sky blue?"),
    ]
)

print(answer.text)
print("Tokens:", answer.usage_metadata)
print("Finish reason:", answer.response_metadata["finish_reason"])
