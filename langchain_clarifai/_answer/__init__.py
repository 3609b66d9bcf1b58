"""The wire → LangChain's side, without any I/O.

In come bytes; out come chunks and messages, or a fault. Plain and streamed answers
take the same way from `choice` on.

The way: `events` (bytes → events) and `stream`, or `completion` (a whole body); then
`choice`, which asks `reasoning`, `tool_calls`, `usage`, `metadata` and `open_chunk`;
`blocks` (standard content blocks). What can be wrong: `faults`.
"""
