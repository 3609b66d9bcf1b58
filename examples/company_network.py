"""Go through a company's proxy, and trust its certificate authority.

export COMPANY_PROXY=http://proxy.example:3128 COMPANY_CA=ca.pem
python examples/company_network.py

Nothing of this is needed where the environment says it: HTTPS_PROXY, NO_PROXY and
SSL_CERT_FILE are honoured. HTTP clients of your own say it for one model alone. They
reach this machine through the proxy, too; the environment's proxy is never used for it.
"""

import asyncio
import os
import ssl

import openai

from langchain_clarifai import ChatClarifai

proxy = os.environ.get("COMPANY_PROXY")
certificates = ssl.create_default_context(cafile=os.environ.get("COMPANY_CA"))

# Sync calls use the one, async calls the other. They are yours, and yours to close.
client = openai.DefaultHttpxClient(proxy=proxy, verify=certificates)
async_client = openai.DefaultAsyncHttpxClient(proxy=proxy, verify=certificates)

model = ChatClarifai(
    model="openai/chat-completion/models/gpt-oss-120b",
    http_client=client,
    http_async_client=async_client,
)


async def ask(question: str) -> str:
    """Ask without blocking, on the loop on which the client is closed."""
    async with async_client:
        answer = await model.ainvoke(question)
    return answer.text


with client:
    print(model.invoke("Why is the sky blue?").text)
print(asyncio.run(ask("Why is the sea salty?")))
