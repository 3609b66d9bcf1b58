"""Let a model call your function, and answer with what the function returned.

python examples/tools.py

This is the loop by hand, to see each step; `agent.py` leaves it to LangChain.
"""

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.tools import tool

from langchain_clarifai import ChatClarifai


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)
model_with_tools = model.bind_tools([get_weather])

messages: list[BaseMessage] = [HumanMessage("What is the weather in Paris?")]
answer = model_with_tools.invoke(messages)
messages.append(answer)

for call in answer.tool_calls:
    result = get_weather.invoke(call)
    print(f"{call['name']}({call['args']}) returned: {result.text}")
    messages.append(result)

print(model_with_tools.invoke(messages).text)
