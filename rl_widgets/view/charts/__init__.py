"""What charts draw: curves, bands, axes, marks, as plain data, pictures and text."""
