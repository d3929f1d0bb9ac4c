"""Style rules of the table of child runs."""

SHEET = """
.rlw .rlw-spark { vertical-align: -4px; margin-right: 6px; background: var(--rlw-raised);
  border-radius: 3px; }
.rlw .rlw-spark path { stroke: var(--rlw-line); stroke-width: 1.2; }
.rlw .rlw-spark path.rlw-area { fill: var(--rlw-line); opacity: 0.22; stroke: none; }
.rlw .rlw-children td, .rlw .rlw-children th { font-size: 12.5px; }
.rlw table.rlw-children tr td:not(:last-child), .rlw table.rlw-children th:not(:last-child) {
  padding-right: 10px; }
.rlw .rlw-target { font-size: 11.5px; line-height: 1.2; color: var(--rlw-quiet); font-weight: 400; }
.rlw .rlw-children-bar { display: flex; flex-flow: row wrap; align-items: center; gap: 6px;
  overflow: visible; margin: 12px 0 -6px; }
.rlw .rlw-children-bar button { border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 12px; width: auto; box-shadow: none; }
.rlw .rlw-children-bar .widget-toggle-buttons { width: auto; }
"""
