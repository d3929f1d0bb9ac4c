"""A run as HTML: a module for each part of the page."""
