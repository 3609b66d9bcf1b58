"""Answer from your own documents, and say which of them the answer is from.

pip install numpy
python examples/rag.py
"""

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings

HANDBOOK = {
    "holidays.md": "Everyone has 30 days of paid holiday a year.",
    "travel.md": "Trains are booked in second class. Flights need a manager's consent.",
    "equipment.md": "A new laptop is ordered from the help desk every 4 years.",
    "remote.md": "Working from home is possible on up to 3 days a week.",
}

embeddings = ClarifaiEmbeddings(model="openai/embed/models/text-embedding-3-large")
store = InMemoryVectorStore(embeddings)
store.add_documents(
    [Document(text, metadata={"source": name}) for name, text in HANDBOOK.items()]
)
retriever = store.as_retriever(search_kwargs={"k": 2})
model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b", temperature=0)

for question in ("How many days of holiday do I have?", "Who orders a new laptop?"):
    found = retriever.invoke(question)
    passages = [f"[{n}] {doc.page_content}" for n, doc in enumerate(found, 1)]
    task = "\n".join(["Answer from these passages and cite them, like [1]:", *passages])
    answer = model.invoke([("system", task), ("human", question)]).text

    sources = [doc.metadata["source"] for doc in found]
    cited = [source for n, source in enumerate(sources, 1) if f"[{n}]" in answer]
    print(f"{question}\n  {answer}")
    print(f"  Cited: {', '.join(cited) or 'none'}, of {' and '.join(sources)}")
