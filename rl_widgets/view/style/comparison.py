"""Style rules of a comparison of runs."""

from __future__ import annotations

SHEET = """
.rlw table.rlw-compare { border-collapse: collapse; margin: 10px 0 0; border: 0; font-size: 12.5px;
  font-variant-numeric: tabular-nums; table-layout: auto; min-width: 60%; }
.rlw table.rlw-compare th, .rlw table.rlw-compare td { text-align: left; padding: 3px 14px 3px 0;
  border: 0; border-bottom: 1px solid var(--rlw-border); vertical-align: top; background: none;
  white-space: nowrap; max-width: none; }
.rlw table.rlw-compare th { color: var(--rlw-quiet); font-weight: 500; font-size: 11.5px; }
.rlw table.rlw-compare tr { background: none !important; }
.rlw table.rlw-compare td.rlw-value { font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; white-space: normal; overflow-wrap: anywhere; min-width: 70px; }
.rlw .rlw-dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%;
  margin-right: 6px; }
.rlw details.rlw-differences { margin: 12px 0 0; }
.rlw details.rlw-differences summary { cursor: pointer; font-weight: 600; }
"""
