"""A schema → what asks for it, and an answer → the object that was asked for.

The way: `output` (schema → chain), `schemas` (schema → wire, by `json_schemas` and
`typed_dicts`), `parsers` (answer → object), `answers` (a whole answer → its JSON),
`partials` (a growing one), `closing`, `json_in_text` (text → the JSON in it),
`refusals`.
"""
