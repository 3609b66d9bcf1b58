"""Facts about the models that Clarifai serves."""

from __future__ import annotations
