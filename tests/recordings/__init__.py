"""Answers that real backends gave, where they are at hand."""
