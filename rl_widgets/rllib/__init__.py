"""What an entry script imports: `from rl_widgets.rllib import train, tune`.

Nothing is imported here, so that a script which only logs (`rl_widgets.Run`) loads no ray and no
torch.
"""
