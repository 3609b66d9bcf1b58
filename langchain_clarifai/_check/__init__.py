"""`langchain-clarifai check`: a server and a model → what works, in words.

No other wing imports this one. Probes that do as users do call `ChatClarifai`; probes
that look at raw answers send their requests over the same connections.

The way: `command` (exit code) with `options`, `printing` and `report` (who reads it),
`probes` with `chat_probes` and `service_probes` (what is tried), `questions` (what that
settles), `lines` (sync or async), `recorder` (every byte, and how many requests),
`surroundings` and `network` (before anything is asked), `verdicts`.
"""
