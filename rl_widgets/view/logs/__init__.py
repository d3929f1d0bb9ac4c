"""The logs of a run: tail, pages, search, download."""
