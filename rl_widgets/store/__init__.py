"""The record of everything: experiments, runs, metrics, compute targets, leases.

Importing this package is cheap; `rl_widgets.store.database` is where SQLAlchemy comes in, so that
an entry script that only logs does not pay for it.
"""
