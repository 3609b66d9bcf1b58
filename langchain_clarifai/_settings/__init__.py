"""What the user says → settings and what requests are made of.

In come arguments, environment and the CLI's file; out come values of fields, a token,
a base URL and the name of a model. Nothing here knows of messages or of the network.

The way: `arguments` (the constructor's) with `secret_arguments`, `parameters` and
`validation_errors`, `credentials` (token and base URL), `model_ids` (every spelling of
a model) with `model_parts` and `known_names`, `settings` (what a request takes along)
with `lease`.
"""
