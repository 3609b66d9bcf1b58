"""Ask a model that sees about a picture on your disk.

python examples/vision.py
"""

import base64
from pathlib import Path

from langchain_core.messages import HumanMessage

from langchain_clarifai import ChatClarifai

picture = Path(__file__).parent / "images" / "circle.png"

model = ChatClarifai(model="clarifai/main/models/mm-poly-8b", temperature=0)

question = HumanMessage(
    [
        {"type": "text", "text": "Which shape is in this picture, and in what colour?"},
        {
            "type": "image",
            "base64": base64.b64encode(picture.read_bytes()).decode(),
            "mime_type": "image/png",
            "detail": "low",  # or "high": more of the picture, for more tokens
        },
    ]
)
print(model.invoke([question]).text)
