"""The lines of a comparison as a CSV file."""

from __future__ import annotations

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.charts import curve_table
from rl_widgets.view.comparison.comparison import Comparison


def download(found: Comparison) -> str:
    """A link that saves the lines as they are drawn, a row for each point, as HTML."""
    import pandas as pd

    frames = []
    for line in found.lines:
        columns = {"line": line.label, found.x_title: line.x, "value": line.y}
        if line.low is not None and line.high is not None:
            x = line.x if line.band_x is None else line.band_x
            for name, edge in (("low", line.low), ("high", line.high)):
                columns[name] = np.interp(line.x, x, edge) if len(x) else line.y
        frames.append(pd.DataFrame(columns))
    rows = pd.concat(frames, ignore_index=True)
    name = curve_table.file_name("comparison", found.metric, "csv")
    lines = wording.plural(len(found.lines), "line")
    return curve_table.csv_link(rows, name, f"{lines} as drawn, {len(rows):,} points")
