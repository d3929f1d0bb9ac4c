"""Style rules of the forms: a field for each row, which wraps in a narrow cell.

ipywidgets writes the number of chosen files into the button that opens one: it is not shown.
"""

from __future__ import annotations

SHEET = """
.rlw .rlw-field { overflow: visible; margin: 2px 0; max-width: 100%; container-type: inline-size; }
.rlw .rlw-field > .rlw-line { display: flex; flex-flow: row nowrap; align-items: baseline;
  gap: 0 8px; overflow: visible; }
.rlw .rlw-line > .jupyter-widgets:not(.widget-html) { flex: 1 1 300px; width: auto;
  min-width: 0; max-width: 620px; height: auto; }
.rlw .rlw-line > .widget-html { flex: 0 1 auto; height: auto; min-width: min-content; }
.rlw .rlw-line select { height: 28px; }
.rlw .rlw-part { color: var(--rlw-quiet); font-weight: 600; margin: 8px 0 2px; }
.rlw .rlw-search { width: auto; max-width: 320px; margin: 12px 0 4px; }
.rlw .rlw-line .widget-label { flex: 0 0 min(175px, 42cqw); width: auto; height: auto;
  white-space: normal; text-align: left; overflow-wrap: anywhere; line-height: 1.35;
  color: var(--rlw-text); }
.rlw .rlw-line input[type="text"], .rlw .rlw-line textarea, .rlw .rlw-line select { min-width: 0; }
.rlw .rlw-line textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
.rlw .rlw-unit { color: var(--rlw-quiet); font-size: 12px; }
.rlw .rlw-wrong { border-left: 3px solid var(--rlw-bad); padding: 1px 8px; margin: 1px 0 4px;
  font-size: 12.5px; overflow-wrap: anywhere; white-space: pre-wrap; color: var(--rlw-text);
  background: var(--rlw-bad-ground); border-radius: 3px; }
.rlw .rlw-new-target { border-left: 2px solid var(--rlw-border); padding-left: 10px;
  margin: 0 0 6px 4px; overflow: visible; }
.rlw .rlw-group.widget-vbox { display: grid; overflow: visible; gap: 0 28px; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); }
.rlw .rlw-group > .widget-html { grid-column: 1 / -1; }
.rlw .rlw-beneath > .widget-vbox { border-top: 1px solid var(--rlw-border); margin-top: 12px;
  overflow: visible; }
.rlw .rlw-beneath .rlw-card { border: 0; border-radius: 0; padding: 14px 0 0; margin: 0;
  max-width: none; }
.rlw .rlw-notes { margin: 6px 0; padding-left: 18px; overflow-wrap: anywhere; }
.rlw .rlw-cluster { margin-top: 8px; }
.rlw .rlw-cluster svg { max-width: 100%; height: auto; color: var(--rlw-text); }
.rlw .rlw-actions { flex-flow: row wrap; gap: 4px 8px; align-items: center; overflow: visible;
  margin: 8px 0 2px; }
.rlw .rlw-actions button { width: auto; border-radius: 5px; box-shadow: none; padding: 0 14px; }
.rlw .rlw-actions button.rlw-open { font-size: 0; }
.rlw .rlw-open::after { content: "Open YAML"; content: "Open YAML" / "";
  font-size: var(--jp-widgets-font-size, 13px); }
.rlw .rlw-actions .widget-html { height: auto; }
.rlw a.rlw-save { display: inline-block; padding: 0 14px; line-height: 28px; border-radius: 5px;
  font-size: var(--jp-widgets-font-size, 13px); color: var(--jp-ui-font-color1, inherit);
  background: var(--jp-layout-color2, #eee); text-decoration: none; white-space: nowrap; }
.rlw a.rlw-save[aria-disabled] { opacity: 0.6; cursor: not-allowed; }
.rlw table.rlw-values { border-collapse: collapse; margin: 8px 0 0; border: 0; font-size: 13px; }
.rlw table.rlw-values th, .rlw table.rlw-values td { text-align: left; padding: 2px 14px 2px 0;
  border: 0; vertical-align: top; background: none; white-space: pre-wrap; max-width: none;
  overflow-wrap: anywhere; }
.rlw table.rlw-values th { color: var(--rlw-quiet); font-weight: 400; }
.rlw table.rlw-values tr { background: none !important; }
"""
