"""LangChain's side → one request, ready to be sent.

In come messages, tools and the arguments of a call; out comes a `Request` with the
bytes of its body.

The way: `request`, `call_arguments` (settings and parameters apart), `body`, `messages`
with `assistant`, its `origins` and `calls`, `transcript` and `wire_messages`, `content`
(any block) with `media` and `sources`, `tools`.
"""
