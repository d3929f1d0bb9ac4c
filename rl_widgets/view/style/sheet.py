"""The style sheet of the HTML form and of the live view: JupyterLab's own colours, both themes."""

from __future__ import annotations

import re

from rl_widgets.view.badge import COLOURS
from rl_widgets.view.html import checkpoints as html_checkpoints
from rl_widgets.view.style import chart as style_chart
from rl_widgets.view.style import children as style_children
from rl_widgets.view.style import comparison as style_compare
from rl_widgets.view.style import configuration as style_configuration
from rl_widgets.view.style import episodes as style_episodes
from rl_widgets.view.style import form as style_form
from rl_widgets.view.style import header as style_header
from rl_widgets.view.style import log as style_log
from rl_widgets.view.style import metrics as style_metrics
from rl_widgets.view.style import throughput as style_throughput

#: The class of whatever is drawn in these styles.
_ROOT = re.compile(r"\.rlw(?![\w-])")
_DARK = 'body[data-jp-theme-light="false"]', "body.vscode-dark", "body.theme-dark"

# `content-visibility`: no view that is out of sight is laid out and painted, whatever it is sent.
_SHEET = """
.rlw { --rlw-text: var(--jp-ui-font-color1, var(--vscode-foreground, #212121));
  --rlw-quiet: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #5f6672));
  --rlw-ground: var(--jp-layout-color1, var(--vscode-editor-background, #fff));
  --rlw-raised: var(--jp-layout-color2, var(--vscode-textCodeBlock-background, #f1f3f5));
  --rlw-border: var(--jp-border-color2, var(--vscode-panel-border, #d9dde2));
  --rlw-line: #2a78d6; --rlw-bad: #b3261e; --rlw-bad-ground: #fdeeed; --rlw-warn-ground: #fff6df;
  color: var(--rlw-text); font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: 13px; line-height: 1.45; }
.rlw.rlw-card { content-visibility: auto; contain-intrinsic-size: auto 900px;
  border: 1px solid var(--rlw-border); border-radius: 8px; padding: 14px 16px 16px;
  background: var(--rlw-ground); max-width: 1100px; margin: 2px 0 6px; box-sizing: border-box; }
.rlw .widget-html, .rlw .jupyter-widgets { margin: 0; }
.rlw .widget-html-content, .rlw .jupyter-widgets.widget-html-content { line-height: 1.45;
  font-size: 13px; color: var(--rlw-text); }
.rlw .rlw-title { font-size: 17px; font-weight: 600; overflow-wrap: anywhere; line-height: 1.35; }
.rlw .rlw-title .rlw-quiet { font-weight: 400; }
.rlw .rlw-quiet { color: var(--rlw-quiet); }
.rlw .rlw-id { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  user-select: all; }
.rlw .rlw-badge { display: inline-block; border-radius: 10px; padding: 1px 10px; margin: 0 4px;
  font-size: 12px; font-weight: 600; line-height: 18px; vertical-align: 2px; white-space: nowrap; }
.rlw .rlw-badge.rlw-small { font-size: 11px; padding: 0 8px; margin: 0; font-weight: 500;
  vertical-align: 0; }
.rlw .rlw-failure { border-left: 4px solid var(--rlw-bad); background: var(--rlw-bad-ground);
  border-radius: 4px; padding: 8px 12px; margin: 10px 0 2px; overflow-wrap: anywhere; }
.rlw .rlw-failure b { font-size: 14px; }
.rlw .rlw-failure pre, .rlw .rlw-log pre { font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere;
  margin: 4px 0 0; background: none; color: inherit; }
.rlw .rlw-failure pre { max-height: 260px; overflow: auto; }
.rlw .rlw-warning { background: var(--rlw-warn-ground); border-radius: 4px; padding: 4px 12px;
  margin: 6px 0 0; overflow-wrap: anywhere; }
.rlw .rlw-facts { display: flex; flex-wrap: wrap; gap: 8px 10px; margin: 12px 0 0; }
.rlw .rlw-facts + .rlw-note { margin-top: 6px; }
.rlw .rlw-fact { background: var(--rlw-raised); border-radius: 6px; padding: 6px 14px 7px;
  min-width: 76px; }
.rlw .rlw-fact span { display: block; color: var(--rlw-quiet); font-size: 11.5px; }
.rlw .rlw-fact b { font-size: 18px; font-weight: 600; font-variant-numeric: tabular-nums; }
.rlw .rlw-criteria { display: flex; flex-wrap: wrap; gap: 6px 26px; margin: 10px 0 0; }
.rlw .rlw-criterion { min-width: 190px; flex: 0 1 260px; font-variant-numeric: tabular-nums; }
.rlw .rlw-bar { height: 5px; border-radius: 3px; background: var(--rlw-border);
  margin-top: 3px; }
.rlw .rlw-bar div { display: block; height: 100%; border-radius: 3px; background: var(--rlw-line); }
.rlw table.rlw-children { border-collapse: collapse; width: 100%; margin: 12px 0 0; border: 0;
  font-size: 13px; font-variant-numeric: tabular-nums; table-layout: auto; }
.rlw table.rlw-children th, .rlw table.rlw-children td { text-align: left; padding: 4px 12px 4px 0;
  border: 0; vertical-align: top; background: none; white-space: nowrap; max-width: none; }
.rlw table.rlw-children td.rlw-wide { white-space: normal; overflow-wrap: anywhere; }
.rlw .rlw-scroll { overflow-x: auto; }
.rlw table.rlw-children th { color: var(--rlw-quiet); font-weight: 500; font-size: 11.5px;
  border-bottom: 1px solid var(--rlw-border); }
.rlw table.rlw-children tr { background: none !important; }
.rlw table.rlw-children tr.rlw-child td { font-weight: 600; padding-top: 7px; }
.rlw table.rlw-children tr.rlw-node td { color: var(--rlw-quiet); padding-top: 1px;
  padding-bottom: 2px; }
.rlw table.rlw-children tr.rlw-node td:first-child { padding-left: 18px; }
.rlw .rlw-heading { font-weight: 600; margin: 14px 0 2px; }
.rlw .rlw-note { color: var(--rlw-quiet); font-size: 12px; }
.rlw .rlw-log { border: 1px solid var(--rlw-border); border-radius: 6px; padding: 6px 10px;
  background: var(--jp-layout-color0, transparent); max-height: 230px; overflow: auto; }
.rlw .rlw-log pre { margin: 0; }
.rlw .rlw-empty { color: var(--rlw-quiet); padding: 70px 0; text-align: center; font-size: 14px; }
.rlw .rlw-picture { max-width: 100%; height: auto; display: block; margin: 8px 0 0; }
.rlw .ansi-bold { font-weight: 700; }
.rlw .rlw-log-live { display: flex; flex-direction: column-reverse; height: auto; width: auto;
  box-sizing: border-box; }
.rlw .rlw-log-live > .widget-html-content { flex: 0 0 auto; width: 100%; }
.rlw .rlw-cancel { gap: 6px; }
.rlw .rlw-cancel button, .rlw .rlw-axes button { border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 12px; box-shadow: none; }
.rlw .rlw-axes, .rlw .rlw-axes .widget-toggle-buttons { width: auto; }
.rlw .rlw-question { font-weight: 600; white-space: nowrap; }
.rlw .bqplot { --bq-content-font-color: var(--rlw-quiet);
  --bq-axis-tick-text-fill: var(--rlw-quiet); --bq-axislabel-fill: var(--rlw-quiet);
  --bq-axislabel-font: 12px sans-serif;
  --bq-background: transparent; --bq-plotarea-background-fill: transparent;
  --bq-grid-color: var(--rlw-border); --bq-axis-path-stroke: var(--rlw-border);
  --bq-axis-border-color: var(--rlw-border); --bq-axis-tick-stroke: var(--rlw-border); }
.rlw .bqplot path.line { pointer-events: none; }
@keyframes rlw-appear { from { max-height: 0; padding: 0; border-width: 0; margin: 0; opacity: 0; }
  to { max-height: 0; padding: 0; border-width: 0; margin: 0; opacity: 0; } }
.rlw.rlw-saved { overflow: hidden; animation: rlw-appear 1.5s; }
"""

_ANSI = {
    "black": ("#3e424d", "#8b93a1"),
    "red": ("#b3261e", "#ff8a80"),
    "green": ("#0b6b32", "#7ddb98"),
    "yellow": ("#7a5c00", "#f0c95a"),
    "blue": ("#0b57b0", "#82b8ff"),
    "magenta": ("#8a2a8f", "#e59bea"),
    "cyan": ("#0b6b78", "#6fd6e4"),
    "white": ("#5f6672", "#dfe3e8"),
}


def _dark(selector: str, body: str) -> str:
    return ", ".join(f"{page} {selector}" for page in _DARK) + f" {{ {body} }}"


def sheet(root: str = ".rlw") -> str:
    """The style sheet, for a `<style>` element.

    `root` is a class that only one view or saved form has. A page has a sheet for each of these,
    and the browser looks at the rules of all of them for each element that changes; those under
    another class it leaves out at once.
    """
    rules = [
        _SHEET,
        html_checkpoints.SHEET,
        style_log.SHEET,
        style_metrics.SHEET,
        style_throughput.SHEET,
        style_compare.SHEET,
        style_configuration.SHEET,
        style_episodes.SHEET,
        style_form.SHEET,
    ]
    rules += [style_children.SHEET, style_header.SHEET]
    rules.append(style_chart.SHEET)
    rules.append(
        _dark(
            ".rlw",
            "--rlw-line: #5aa2f2; --rlw-bad: #ff8a80; --rlw-bad-ground: #3a1c1b; "
            "--rlw-warn-ground: #3a3014;",
        )
    )
    for tone, ((text, ground), (dark_text, dark_ground)) in COLOURS.items():
        name = f".rlw .rlw-badge.rlw-{tone}"
        rules.append(f"{name} {{ color: {text}; background: {ground}; }}")
        rules.append(_dark(name, f"color: {dark_text}; background: {dark_ground};"))
    for colour, (light, dark) in _ANSI.items():
        rules.append(f".rlw .rlw-ansi-{colour} {{ color: {light}; }}")
        rules.append(_dark(f".rlw .rlw-ansi-{colour}", f"color: {dark};"))
    return _ROOT.sub(root, "\n".join(rules))


def folding(key: str) -> str:
    """Rules of a live view that fold away the saved form of the same key, in the same page."""
    live, saved = f".rlw-live-{key}", f".rlw-saved-{key}"
    return (
        f".jp-OutputArea:has({live}) .jp-OutputArea-child:has({saved}), "
        f"body:not([data-jp-theme-name]):has({live}) {saved} {{ display: none; }}"
    )


def unfolding(key: str) -> str:
    """Rules of a saved form that hide 'model not found' where its live view is gone."""
    saved = f".rlw-saved-{key}"
    widget = "> .lm-Panel.jp-OutputArea-output"
    # A widget that is drawn is an element there; 'Loading' and 'model not found' are bare text.
    return (
        f".jp-OutputArea-child:has({widget}):not(:has({widget} > *))"
        f":has(+ .jp-OutputArea-child {saved}) {{ display: none; }}"
    )
