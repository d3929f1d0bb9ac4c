"""The command line of an entry script, as RLlib 0.8.3's `train.create_parser()` had it.

RLlib 2.60 has none any more. Mistakes end the script with one sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any, NoReturn

from rl_widgets.rllib.errors import nearest
from rl_widgets.store.mistakes import json_mistake


class EntryParser(argparse.ArgumentParser):
    """An argument parser that names the nearest option to a wrong one."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse `args`, or the command line. Ends the script with code 2 on a mistake."""
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            guess = nearest(unknown[0].split("=")[0], options)
            self.error(f"there is no option {unknown[0]!r}.{guess} --help lists them.")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the usage of thirty lines, and end with code 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def create_parser(description: str | None = None) -> EntryParser:
    """The parser for `--run --env --config --stop …`.

    `args.config` and `args.stop` are dictionaries. `args.ray_address` is the address of the cluster
    that runs the script, or "local" where there is none (a Ray of its own), so it is never None.
    `args.local_dir` is an absolute path.
    """
    parser = EntryParser(
        description=description or "Train with RLlib.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--run", metavar="ALGORITHM", help="RLlib's algorithm, such as IMPALA")
    parser.add_argument("--env", help="environment, such as PongNoFrameskip-v4 or CartPole-v1")
    parser.add_argument(
        "--config",
        type=_json_object,
        default="{}",
        metavar="JSON",
        help='settings of the algorithm: {"num_workers": 2}',
    )
    parser.add_argument(
        "--stop",
        type=_json_object,
        default="{}",
        metavar="JSON",
        help='when to stop: {"episode_reward_mean": 18, "time_total_s": 3600}',
    )
    parser.add_argument(
        "--ray-address",
        default=os.environ.get("RAY_ADDRESS") or "local",
        help='address of the Ray cluster; "local" starts one for this script',
    )
    parser.add_argument(
        "--local-dir",
        type=_folder,
        default="./logs",
        metavar="FOLDER",
        help="folder for results and checkpoints",
    )
    parser.add_argument("--experiment-name", default=None, help="folder name under --local-dir")
    parser.add_argument(
        "--num-samples", type=_at_least(1), default=1, help="how often to run each configuration"
    )
    parser.add_argument(
        "--checkpoint-freq",
        type=_at_least(0),
        default=None,
        metavar="ITERATIONS",
        help="iterations between two checkpoints, 0 for none; by default a run has one every few "
        "minutes and one at its end",
    )
    parser.add_argument(
        "--checkpoint-at-end", action="store_true", help="keep a checkpoint of the end"
    )
    parser.add_argument(
        "--keep-checkpoints-num",
        type=_at_least(1),
        default=None,
        help="how many of the best checkpoints to keep beside the last",
    )
    parser.add_argument(
        "--seed", type=_at_least(0), default=None, help="seed of environments, numpy and torch"
    )
    parser.add_argument(
        "--max-failures",
        type=_at_least(0),
        default=0,
        help="how often to start again from the last checkpoint after an error",
    )
    return parser


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(json_mistake(text, error)) from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(
            f'it must be a JSON object such as {{"num_workers": 2}}, not {text.strip()!r}'
        )
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows; give a finite one")


def _folder(text: str) -> str:
    return os.path.abspath(os.path.expanduser(text))


def _at_least(low: int) -> Any:
    def whole_number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
        if value < low:
            raise argparse.ArgumentTypeError(f"{value} is below {low}")
        return value

    return whole_number
