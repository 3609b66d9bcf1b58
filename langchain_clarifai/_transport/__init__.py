"""One request → its answer, however many attempts it takes.

In comes a `Request`; out comes what the answer's side makes of the bytes, or one of our
errors.

The way: `calls` (the loops), `attempts` and `stream_attempts` (what one try sends and
reads) with `request_headers`, `loans` (whose connection), `posting` (the I/O of one),
`retries` (whether to try again, and when) with `throttling`.
Around it: `announcing` (callbacks of streams), `loading` (imports of what sends).
"""
