"""Style rules of the head of a view."""

SHEET = """
.rlw .rlw-header { display: flex; flex-flow: row wrap; align-items: flex-start; gap: 2px 12px;
  overflow: visible; }
.rlw .rlw-header > .rlw-who { flex: 1 1 300px; min-width: 0; overflow: visible; }
.rlw .rlw-who .widget-html, .rlw .rlw-who .widget-html-content { min-width: 0;
  max-width: 100%; }
.rlw code.rlw-id { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  background: none; padding: 0; user-select: all; cursor: copy; overflow-wrap: anywhere; }
.rlw .rlw-who a { color: var(--jp-content-link-color, #1967b3); text-decoration: underline; }
.rlw button.rlw-copy-id { border: 1px solid var(--rlw-border); border-radius: 4px; height: 20px;
  background: none; color: var(--rlw-quiet); font-size: 11px; margin: 0 6px; padding: 0 6px;
  cursor: pointer; }
.rlw button.rlw-copy-id:hover, .rlw button.rlw-copy-id:focus-visible { color: var(--rlw-text);
  border-color: var(--rlw-line); }
.rlw .rlw-who details, .rlw .rlw-failure details { font-size: 12px; margin: 1px 0 0; }
.rlw summary { cursor: pointer; color: var(--rlw-quiet); }
.rlw .rlw-ways label { display: flex; gap: 8px; align-items: baseline; margin: 3px 0;
  min-width: 0; color: var(--rlw-quiet); }
.rlw .rlw-ways input { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  color: var(--rlw-text); background: var(--rlw-raised); border: 1px solid var(--rlw-border);
  border-radius: 4px; padding: 1px 6px; min-width: 0; max-width: 100%; flex: 0 1 auto; }
.rlw .rlw-trace { display: flex; flex-direction: column-reverse; max-height: 260px;
  overflow: auto; }
.rlw .rlw-trace pre { max-height: none; overflow: visible; flex: 0 0 auto; }
"""
