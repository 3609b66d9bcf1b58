"""A schema → what asks for it, and an answer → the object that was asked for.

The way: `output` (schema → chain), `parsers` (answer → object, whole or growing),
`json_in_text` (text → the JSON in it), `refusals`.
"""
