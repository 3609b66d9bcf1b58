"""Clarifai's list of models → records of those that can chat.

The way: `listing` (page after page), `pages` (one request), `records` (one model).
"""
