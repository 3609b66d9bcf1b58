"""Turn a text into an object of your own class.

python examples/structured_output.py
"""

from pydantic import BaseModel, Field

from langchain_clarifai import ChatClarifai


class Person(BaseModel):
    """A person who is mentioned in a text."""

    name: str = Field(description="The name of the person")
    age: int = Field(description="The age in years")


model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)

# "json_schema" lets the server enforce the schema. The default, "function_calling",
# works with every model that calls tools.
extractor = model.with_structured_output(Person, method="json_schema")

person = extractor.invoke("Extract the person: our neighbour Marie is 36 years old.")
print(repr(person))
