"""A server and whose request it is → a connection, and an HTTP message over it.

The way: `pools` and `loop_pools` (clients, kept in `tables`, by `tenants`; `living`
counts uses) over what `warm_up` prepares; `sync_client` (with `connections` on
`network`) and `async_client` (with `unread`), which carry `http_messages` to
`addresses`.
For a body: `patience`, `silence` (its time), `framing` and `unpacking` (its reading).
Where to: `proxies` and `socks`; whom to trust: `trust`. By what: `http_library`.
"""
