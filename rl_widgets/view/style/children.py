"""Style rules of the table of child runs."""

SHEET = """
.rlw .rlw-spark { vertical-align: -4px; margin-right: 6px; background: var(--rlw-raised);
  border-radius: 3px; }
.rlw .rlw-spark path { stroke: var(--rlw-line); stroke-width: 1.2; }
.rlw .rlw-spark path.rlw-area { fill: var(--rlw-line); opacity: 0.22; stroke: none; }
.rlw .rlw-children-box, .rlw .rlw-children-box .widget-html-content { min-width: 0;
  max-width: 100%; }
.rlw .rlw-children-box .rlw-warning { margin: 8px 0 0; }
.rlw .rlw-children-box table.rlw-children { margin-top: 6px; }
.rlw .rlw-children-box table.rlw-children td, .rlw .rlw-children-box table.rlw-children th {
  font-size: 12.5px; padding-right: 9px; font-weight: 400; }
.rlw .rlw-children-box table.rlw-children th { font-size: 11.5px; }
.rlw .rlw-children-box table.rlw-children tr > :last-child { padding-right: 0; }
.rlw .rlw-children-box table.rlw-children tr.rlw-child td { font-weight: 400; }
.rlw .rlw-children-box table.rlw-children tr.rlw-child td:first-child { font-weight: 600; }
.rlw .rlw-target { font-size: 11.5px; line-height: 1.2; color: var(--rlw-quiet); font-weight: 400; }
.rlw .rlw-children-bar { display: flex; flex-flow: row wrap; align-items: center; gap: 6px;
  overflow: visible; margin: 12px 0 0; }
.rlw .rlw-children-bar button { border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 12px; width: auto; box-shadow: none; }
.rlw .rlw-children-bar .widget-toggle-buttons { width: auto; }
"""
