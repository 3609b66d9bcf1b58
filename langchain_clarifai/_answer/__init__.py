"""The wire → LangChain's side, without any I/O.

In come bytes; out come chunks and messages, or a fault. Plain and streamed answers
take the same way from `choice` on.

The way: `events` (bytes → events), `payloads` (→ JSON) and `stream`, or `completion` (a
whole body), with what they share in `bodies`; then, but for events of `plain_text`,
`choice`, which asks

- `reasoning` (fields) and `think_tags` for what the model thought,
- `tool_calls` (which call a delta belongs to, by `call_deltas`), `call_slots` and
  `whole_calls` (valid or broken) for what it wants called,
- `other_fields` for what else a choice holds,
- `usage` and `metadata` for what is known of the answer,
- `chunks` and `open_chunk` (the first one) for what it hands out.

`blocks` makes standard content blocks of it. What can be wrong: `faults`.
"""
