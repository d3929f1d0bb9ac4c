"""Style rules of the configuration's table and code."""

from __future__ import annotations

SHEET = """
.rlw table.rlw-config { border-collapse: collapse; width: 100%; margin: 6px 0 0; border: 0;
  font-size: 12.5px; table-layout: auto; }
.rlw table.rlw-config th, .rlw table.rlw-config td { text-align: left; padding: 3px 12px 3px 0;
  border: 0; border-bottom: 1px solid var(--rlw-border); vertical-align: top; background: none;
  white-space: normal; max-width: none; }
.rlw table.rlw-config th { color: var(--rlw-quiet); font-weight: 500; font-size: 11.5px;
  position: sticky; top: 0; background: var(--rlw-ground); }
.rlw table.rlw-config tr { background: none !important; }
.rlw table.rlw-config td.rlw-value { font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; overflow-wrap: anywhere; min-width: 90px; }
.rlw table.rlw-config tr.rlw-changed td:nth-child(2) { font-weight: 600; }
.rlw .rlw-config-rows { max-height: 420px; overflow: auto; }
.rlw ul.rlw-config-notes { margin: 4px 0; padding-left: 18px; color: var(--rlw-text); }
.rlw .rlw-code { display: flex; flex-flow: row wrap; align-items: baseline; gap: 2px 12px;
  margin: 6px 0; }
.rlw .rlw-code details { flex: 1 1 240px; min-width: 0; }
.rlw .rlw-code summary { cursor: pointer; color: var(--rlw-quiet); }
.rlw .rlw-code pre { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  line-height: 1.4; background: var(--rlw-raised); color: var(--rlw-text); border-radius: 6px;
  padding: 8px 12px; margin: 6px 0; overflow: auto; max-height: 420px; white-space: pre;
  user-select: all; }
.rlw .rlw-code button { border-radius: 5px; border: 1px solid var(--rlw-border); height: 26px;
  background: var(--rlw-raised); color: var(--rlw-text); font-size: 12px; padding: 0 12px;
  cursor: pointer; }
.rlw .rlw-code button.rlw-insert { display: none; }
body[data-rl-widgets-cells] .rlw .rlw-code button.rlw-insert { display: inline-block; }
.rlw .rlw-code button:hover, .rlw .rlw-code button:focus-visible { border-color: var(--rlw-line); }
.rlw .rlw-servers { align-items: center; gap: 4px 8px; margin: 4px 0; overflow: visible; }
.rlw .rlw-servers button { border-radius: 5px; font-size: 12px; height: 26px; line-height: 26px;
  padding: 0 12px; box-shadow: none; width: auto; }
.rlw .rlw-servers a, .rlw .rlw-code + * a { color: var(--rlw-line); }
"""
