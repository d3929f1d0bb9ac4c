"""The style sheet: a module for each part of the page."""
