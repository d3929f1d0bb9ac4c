"""`from rl_widgets.rllib import train`: the place where 0.8.3 kept its argument parser."""

from __future__ import annotations

from rl_widgets.rllib.parser import create_parser

__all__ = ["create_parser"]
