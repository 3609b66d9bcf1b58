"""The wire → LangChain's side, without any I/O.

In come bytes; out come chunks and messages, or a fault (`faults`). The way: `events`
(bytes → events), `payloads` (→ JSON) and `stream`, or `completion` for a whole body,
with what they share in `bodies`. From there both go to `choice`, but for events of
`plain_text`. It asks `reasoning` and `think_tags` for thoughts; `tool_calls`, with
`call_deltas`, `call_slots` and `whole_calls`, for calls; `other_fields` for all else;
`usage` and `metadata` for what is known of the answer. It hands out `chunks`, the first
of them by `open_chunk`. `blocks` makes standard content blocks of messages.
"""
