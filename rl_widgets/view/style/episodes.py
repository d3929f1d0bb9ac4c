"""The style sheet of the tab of evaluations and videos."""

from __future__ import annotations

SHEET = """
.rlw .rlw-evaluation-figures, .rlw .rlw-evaluation-figures > .widget-html-content { min-width: 0;
  max-width: 100%; }
.rlw .rlw-evaluations { max-height: 200px; overflow: auto; margin: 10px 0 0;
  border: 1px solid var(--rlw-border); border-radius: 6px; }
.rlw .rlw-evaluations table { border-collapse: collapse; width: 100%; margin: 0; border: 0;
  font-size: 13px; font-variant-numeric: tabular-nums; }
.rlw .rlw-evaluations th, .rlw .rlw-evaluations td { text-align: right; padding: 3px 14px;
  border: 0; white-space: nowrap; background: none; max-width: none; }
.rlw .rlw-evaluations th { color: var(--rlw-quiet); font-weight: 500; font-size: 11.5px;
  position: sticky; top: 0; background: var(--rlw-ground);
  border-bottom: 1px solid var(--rlw-border); }
.rlw .rlw-evaluations tr { background: none !important; }
.rlw .rlw-videos { display: flex; flex-flow: row wrap; gap: 12px 18px; align-items: flex-start;
  overflow: visible; margin: 4px 0 0; }
.rlw .rlw-video-list { flex: 1 1 340px; min-width: 0; width: auto; overflow: visible; }
.rlw .rlw-video-list .widget-select { width: 100%; height: auto; }
.rlw .rlw-video-list select { font-size: 12.5px; width: 100%; box-sizing: border-box; }
.rlw .rlw-video-list button { border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 12px; box-shadow: none; width: auto; margin: 6px 6px 0 0; }
.rlw .rlw-video-place { flex: 1 1 320px; min-width: 0; max-width: 100%; overflow: visible; }
.rlw video.rlw-player { display: block; max-width: 100%; max-height: 460px; width: auto;
  align-self: flex-start; border-radius: 6px; background: #000; margin: 0 0 6px; }
"""
