"""What a notebook shows: ipywidgets that draw what `rl_widgets.view` says."""
