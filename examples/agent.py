"""Give tools to an agent and let it decide which to call, and how often.

pip install langchain
python examples/agent.py
"""

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from langchain_clarifai import ChatClarifai


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


@tool
def add(first: float, second: float) -> float:
    """Add two numbers."""
    return first + second


model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)
agent = create_agent(model, tools=[get_weather, add])

state = agent.invoke({"messages": [HumanMessage("What is the weather in Paris?")]})
for message in state["messages"]:
    message.pretty_print()
