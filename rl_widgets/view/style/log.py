"""Style rules of the logs."""

SHEET = """
.rlw .rlw-log-bar { display: flex; flex-flow: row wrap; align-items: center; gap: 4px 6px;
  overflow: visible; margin: 2px 0 4px; }
.rlw .rlw-log-bar > * { flex: 0 0 auto; margin: 0; }
.rlw .rlw-log-bar button { border-radius: 5px; font-size: 12px; height: 26px; line-height: 26px;
  padding: 0 10px; width: auto; box-shadow: none; }
.rlw .rlw-log-bar select, .rlw .rlw-log-bar input { font-size: 12px; height: 26px; }
.rlw .rlw-log-bar .widget-dropdown { width: auto; max-width: 100%; }
.rlw .rlw-log-bar .widget-dropdown select { max-width: min(340px, 70vw); }
.rlw .rlw-log-bar .widget-text { width: 220px; }
.rlw .rlw-log-heading { font-weight: 600; margin: 2px 0; }
.rlw .rlw-log-heading .rlw-note { font-weight: 400; }
.rlw .rlw-log-pane, .rlw .rlw-log-lines { overflow: visible; width: 100%; }
.rlw .rlw-log-pane .rlw-log { max-height: 340px; width: 100%; box-sizing: border-box;
  height: auto; flex-direction: column; }
.rlw .rlw-log-pane .rlw-log.rlw-log-live { flex-direction: column-reverse; }
.rlw .rlw-log-pane .rlw-log > * { flex: 0 0 auto; }
.rlw .rlw-log-lines .widget-html { width: 100%; height: auto; min-height: 0; }
.rlw .rlw-log-lines .widget-html-content { width: 100%; }
.rlw .rlw-lines { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8; }
.rlw .rlw-lines mark, .rlw .rlw-lines mark span { color: #000 !important; }
.rlw .rlw-lines mark { background: #ffd54a; border-radius: 2px; }
.rlw a.rlw-download { color: var(--jp-content-link-color, #1967b3); text-decoration: underline; }
.rlw .rlw-here { background: var(--rlw-warn-ground); box-shadow: -4px 0 0 #d99b00;
  display: inline-block; width: 100%; }
.rlw .rlw-log-pane .rlw-log:focus-visible { outline: 2px solid var(--rlw-line); }
"""
