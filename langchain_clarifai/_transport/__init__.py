"""One request → its answer, however many attempts it takes.

All I/O of the package is here. In comes a `Request`; out comes what the answer's side
makes of the bytes, or one of our errors.

The way: `calls` (the loops), `attempts` and `stream_attempts` (what one try sends and
reads), `posting` (the I/O of one), `loans` of `pools` and `loop_pools` (shared, in
`tables` by `tenants`), `sync_client` (on `network`), `http_messages`, `patience`,
`retries`.
Around it: `announcing` (callbacks of streams), `loading` (imports of what sends).
"""
