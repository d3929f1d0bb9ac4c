"""Rules of the reward chart, its controls, its legend and its table.

What is written anew with every point clips nothing and is not translucent: for each such element
that comes or goes a browser puts all layers of the page together again (with 20 views open, 50 ms
of every point).

The legend of a saved picture is not shown in the page. bqplot takes along those rules that fit by
what is inside of the figure, and the colours that they name: so the one that hides it begins at
the view, and the one that draws it names none but the text.
"""

from __future__ import annotations

SHEET = """
.rlw .bqplot path.area { pointer-events: none; }
.rlw .rlw-chart .zeroLine { display: none; }
.rlw .rlw-chart rect.bar:hover { opacity: 0.1 !important; }
.rlw .rlw-chart .dot { cursor: pointer; }
.rlw .rlw-legend { display: flex; flex-wrap: wrap; gap: 1px 12px; margin: 6px 0 0;
  font-size: 12px; color: var(--rlw-quiet); min-height: 38px; }
.rlw .rlw-entry { overflow-wrap: anywhere; }
.rlw .rlw-entry b { color: var(--rlw-text); font-weight: 600; font-variant-numeric: tabular-nums;
  display: inline-block; min-width: 5ch; }
.rlw .rlw-entry b.rlw-short { min-width: 0; }
.rlw .rlw-swatch { display: inline-block; width: 16px; height: 0; vertical-align: 3px;
  margin-right: 5px; border-top: 2.5px solid var(--rlw-swatch); }
.rlw .rlw-swatch.rlw-dashed { border-top-style: dashed; }
.rlw .rlw-swatch.rlw-band { border: 0; height: 9px; vertical-align: -1px; border-radius: 2px;
  background: color-mix(in srgb, var(--rlw-swatch) 30%, transparent); }
.rlw .rlw-swatch.rlw-mark { border: 0; width: auto; height: auto; vertical-align: 0;
  color: var(--rlw-swatch); font-style: normal; margin-right: 4px; }
.rlw .rlw-faint .rlw-swatch { opacity: 0.45; }
.rlw .rlw-where { flex: 0 0 100%; font-variant-numeric: tabular-nums; }
.rlw .rlw-unseen { position: absolute; left: -10000px; width: 1px; height: 1px;
  white-space: nowrap; }
.rlw .rlw-tools { gap: 4px 6px; margin: 6px 0 0; }
.rlw .rlw-tools button, .rlw .rlw-axes button { border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 10px; box-shadow: none; margin: 0; width: auto; }
.rlw .rlw-tools .widget-toggle-buttons, .rlw .rlw-tools .widget-toggle-buttons button {
  width: auto; margin: 0; }
.rlw .rlw-tools .widget-inline-hbox { margin: 0; height: 26px; }
.rlw .rlw-tools .widget-label { min-width: 0; width: auto; font-size: 12px; }
.rlw .rlw-tools .widget-readout { min-width: 30px; max-width: 34px; margin: 0 0 0 4px;
  padding: 0; text-align: left; }
.rlw .rlw-reference { gap: 4px 6px; margin: 6px 0 0; }
.rlw .rlw-curve-table { max-height: 260px; overflow: auto; margin: 8px 0 0;
  border: 1px solid var(--rlw-border); border-radius: 6px; }
.rlw .rlw-curve-table table { border-collapse: collapse; width: 100%; margin: 0; border: 0;
  font-size: 12px; font-variant-numeric: tabular-nums; }
.rlw .rlw-curve-table caption { color: var(--rlw-quiet); text-align: left; padding: 4px 10px; }
.rlw .rlw-curve-table th, .rlw .rlw-curve-table td { text-align: right; padding: 2px 10px;
  border: 0; white-space: nowrap; background: none; max-width: none; }
.rlw .rlw-curve-table th { color: var(--rlw-quiet); font-weight: 500; position: sticky; top: 0;
  background: var(--rlw-raised); }
.rlw .rlw-curve-table tr { background: none !important; }
.rlw .rlw-download { color: var(--rlw-line); font-weight: 600; }
.rlw .rlw-reward text.label { display: none; }
text.label[style*="--rlw-text"] { font-family: sans-serif; color: var(--rlw-text);
  paint-order: stroke; stroke: var(--rlw-ground); stroke-width: 4px; }
.bqplot_tooltip_div { max-width: 320px; }
.rlw .bqplot_tooltip_div .bqplot_mark_tooltip { background: var(--rlw-ground);
  color: var(--rlw-text); border: 1px solid var(--rlw-border); border-radius: 5px;
  padding: 3px 8px; font-size: 12px; }
"""
