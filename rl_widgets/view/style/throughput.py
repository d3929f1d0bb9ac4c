"""The style sheet of the tab of throughput and diagnosis."""

from __future__ import annotations

#: Part of somebody's time -> its colour, which reads on light ground and on dark.
PHASE_COLOURS = {
    "emulation": "#2a78d6",
    "inference": "#d9822b",
    "connectors": "#8a63d2",
    "handover": "#139c8b",
    "weights": "#d14d8b",
    "learner": "#2a78d6",
    "batches": "#8a63d2",
    "learner_weights": "#d14d8b",
}

SHEET = """
.rlw .rlw-limit { font-size: 15px; font-weight: 600; margin: 4px 0 2px; overflow-wrap: anywhere; }
.rlw .rlw-phases-of { margin: 14px 0 3px; font-weight: 600; }
.rlw .rlw-phases { display: flex; height: 16px; border-radius: 4px; overflow: hidden; gap: 1px;
  background: var(--rlw-ground); }
.rlw .rlw-phase { display: block; height: 100%; min-width: 1px; background: var(--rlw-border); }
.rlw .rlw-phase-words { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 0; padding: 0;
  list-style: none; font-variant-numeric: tabular-nums; }
.rlw .rlw-phase-words li { margin: 0; padding: 0; list-style: none; white-space: nowrap; }
.rlw .rlw-phase-words i { display: inline-block; width: 10px; height: 10px; border-radius: 2px;
  margin-right: 5px; background: var(--rlw-border); }
.rlw .rlw-phase-other { opacity: 0.5; }
.rlw .rlw-findings { margin: 14px 0 0; }
.rlw .rlw-finding { padding: 4px 12px; margin: 6px 0 0; border-radius: 4px;
  background: var(--rlw-raised); overflow-wrap: anywhere; }
.rlw .rlw-finding.rlw-is-warning { background: var(--rlw-warn-ground); }
""" + "\n".join(
    f".rlw .rlw-phase-{name} {{ background: {colour} !important; }}"
    for name, colour in PHASE_COLOURS.items()
)
