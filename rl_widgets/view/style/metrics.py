"""The style sheet of the tab of all metrics."""

from __future__ import annotations

SHEET = """
.rlw .rlw-metrics { display: flex; flex-flow: row wrap; gap: 10px 16px; overflow: visible;
  align-items: flex-start; width: 100%;
  container-type: inline-size; }
.rlw .rlw-metrics-choice { flex: 1 1 170px; max-width: 100%; overflow: visible; gap: 6px; }
.rlw .rlw-metrics-charts { flex: 20 1 300px; min-width: 0; overflow: visible; }
.rlw .rlw-metrics-choice > .jupyter-widgets { width: 100%; }
.rlw .rlw-metrics select[multiple] { min-height: 96px; height: 360px; width: 100%;
  font-size: 12px; background: var(--rlw-ground); color: var(--rlw-text);
  border: 1px solid var(--rlw-border); border-radius: 5px; padding: 2px; }
.rlw .rlw-metrics select[multiple] option { padding: 1px 4px; overflow: hidden;
  text-overflow: ellipsis; }
.rlw .rlw-metrics-bar { display: flex; flex-flow: row wrap; gap: 6px; align-items: center;
  overflow: visible; min-height: 28px; }
.rlw .rlw-metrics button { border-radius: 5px; font-size: 12px; height: 26px; line-height: 24px;
  padding: 0 10px; box-shadow: none; width: auto; }
.rlw .rlw-metrics button:focus-visible, .rlw .rlw-metrics select:focus-visible,
.rlw .rlw-metrics input:focus-visible { outline: 2px solid var(--rlw-line); outline-offset: 1px; }
.rlw .rlw-grid { display: grid; gap: 10px 14px; overflow: visible; width: 100%;
  grid-template-columns: repeat(auto-fill, minmax(min(190px, 100%), 1fr)); }
.rlw .rlw-small-chart { position: relative; overflow: visible; min-width: 0; }
.rlw .rlw-small-chart > *, .rlw .rlw-small-chart > .widget-html > .widget-html-content {
  min-width: 0; max-width: 100%; width: 100%; }
.rlw .rlw-small-head { display: flex; gap: 8px; padding-right: 30px; font-size: 12px;
  line-height: 20px; }
.rlw .rlw-small-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  min-width: 0; unicode-bidi: isolate; }
.rlw .rlw-small-head b { margin-left: auto; font-variant-numeric: tabular-nums;
  white-space: nowrap; font-weight: 600; }
.rlw .rlw-small-head .rlw-small-at { display: none; color: var(--rlw-line); }
.rlw .rlw-small-chart .rlw-note { line-height: 16px; font-size: 11px; }
.rlw .rlw-metrics .rlw-small-chart button.rlw-as-table { position: absolute; right: 0; top: 0;
  width: 24px; height: 20px; line-height: 18px; padding: 0; font-size: 11px;
  background: transparent; color: var(--rlw-quiet); border: 1px solid transparent; z-index: 1; }
.rlw .rlw-small-chart button.rlw-as-table:hover { border-color: var(--rlw-border); }
.rlw .rlw-small-chart .bqplot path.line { stroke-linecap: round; stroke-linejoin: round; }
.rlw .rlw-small-chart .rlw-rows { height: 130px; overflow: auto; border-radius: 5px;
  border: 1px solid var(--rlw-border); }
.rlw table.rlw-table { border-collapse: collapse; width: 100%; font-size: 11.5px; border: 0;
  font-variant-numeric: tabular-nums; line-height: 17px; margin: 0; }
.rlw table.rlw-table th { position: sticky; top: 0; background: var(--rlw-raised);
  font-weight: 500; color: var(--rlw-quiet); overflow-wrap: anywhere; }
.rlw table.rlw-table th, .rlw table.rlw-table td { text-align: right; padding: 1px 8px; border: 0;
  max-width: 160px; }
.rlw table.rlw-table tr { background: none; }
@container (max-width: 486px) { .rlw .rlw-metrics select[multiple] { height: 110px; } }
.rlw .rlw-empty.rlw-empty-metrics { padding: 40px 0; }
"""
