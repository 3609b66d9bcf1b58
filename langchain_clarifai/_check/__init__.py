"""`langchain-clarifai check`: a server and a model → what works, in words.

Nothing else imports this wing. What a user's call is, goes the user's way, through
`ChatClarifai`; what asks the wire goes over the same connections.

The way: `command` (exit code) with `options`, `printing` and `report` (who reads it),
`probes` with `chat_probes` and `service_probes` (what is tried), `questions` (what that
settles), `lines` (sync or async), `recorder` (every byte, and how many requests),
`surroundings` and `network` (before anything is asked), `verdicts`.
"""
