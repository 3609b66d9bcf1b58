"""What a strict user does wrong: each line is told, by both checkers.

The end of a line says which error is expected, mypy's first and then pyright's.
"""

from __future__ import annotations

from langchain_clarifai import (
    ChatClarifai,
    ClarifaiEmbeddings,
    ClarifaiError,
    list_models,
    register,
)

model = ChatClarifai(model="gpt-oss-120b")

ChatClarifai(model=1)  # error: arg-type, reportArgumentType
ChatClarifai()  # error: call-arg, reportCallIssue
ChatClarifai(model="a", temperature="hot")  # error: arg-type, reportArgumentType
ChatClarifai(model="a", reasoning_format="xml")  # error: arg-type, reportArgumentType

text: str = model.invoke("Hello!")  # error: assignment, reportAssignmentType
bound: str = model.bind_tools([])  # error: assignment, reportAssignmentType
model.with_structured_output({}, method="xml")  # error: arg-type, reportArgumentType

embeddings = ClarifaiEmbeddings(model="bge-m3", chunk_size=32)
ClarifaiEmbeddings()  # error: call-arg, reportCallIssue
ClarifaiEmbeddings(model="a", encoding_format=8)  # error: arg-type, reportArgumentType
ClarifaiEmbeddings(model="a", temperature=0)  # error: call-arg, reportCallIssue
embeddings.embed_documents("a text")  # error: arg-type, reportArgumentType
one: str = embeddings.embed_query("a")  # error: assignment, reportAssignmentType

ids: list[str] = list_models()  # error: assignment, reportAssignmentType
list_models(owner=1)  # error: arg-type, reportArgumentType
list_models(token="a")  # error: call-arg, reportCallIssue
register("clarifai")  # error: call-arg, reportCallIssue

try:
    model.invoke("Hello!")
except ClarifaiError as error:
    number: int = error.request_id  # error: assignment, reportAssignmentType

# What runs, for code that comes from elsewhere: checkers know the fields' own names.
ChatClarifai(model="a", pat="a-token")  # error: call-arg, reportCallIssue
ChatClarifai(model="a", stop_sequences=["END"])  # error: call-arg, reportCallIssue
ChatClarifai(model="a", request_timeout=5)  # error: call-arg, reportCallIssue
ChatClarifai(model="a", extra_headers={"a": "b"})  # error: call-arg, reportCallIssue
