"""Texts → their vectors, in as many requests as that takes.

In comes a `Job`; out come its vectors in the order of its texts, or one of our errors
with those that came.

The way: `sending` (the loops), `run` (which batch is next, what came, what failed),
`batches`, `body`, `answer` with `vectors`; beside it `encodings`, `usage` and
`progress`.
"""
