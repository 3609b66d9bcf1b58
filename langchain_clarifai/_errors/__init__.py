"""Whatever went wrong → our exceptions.

In come faults of the answer, exceptions of the HTTP libraries and bodies of errors;
out comes one class for each thing that a user may do about it.

The way: `catching` (the frame around a request), `conversion` (what happened → the
error), `bodies` (what a server says → the class) by the tables of `codes` and the
words of `overflow`, `advice` and `tls` (what to do), `classes` (the tree) with its
`base`. An `exchange` holds what is known of the request meanwhile; `redaction` takes
secrets out of texts, `hiding` out of the HTTP request and response.
"""
