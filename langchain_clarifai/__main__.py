"""`python -m langchain_clarifai`: the command line."""

from __future__ import annotations

import sys

from langchain_clarifai._check.command import main

if __name__ == "__main__":
    sys.exit(main())
