"""Train an RLlib algorithm on the Ray cluster that runs this script.

    pong_rllib.py --run IMPALA --env PongNoFrameskip-v4 \\
        --config '{"num_gpus": 0, "num_workers": 2}' \\
        --stop '{"episode_reward_mean": 18, "time_total_s": 3600}'

The same script trains CartPole with `--env CartPole-v1`. What `--config` sets comes before what
is set here; names are those of RLlib 0.8.3 or of 2.60.
"""

import callbacks
import ray

from rl_widgets.rllib import train, tune

#: For Atari games only; other environments have no frames to scale.
PONG_SETTINGS = {"model": {"dim": 42}}


def main():
    parser = train.create_parser(description=__doc__.splitlines()[0])
    parser.set_defaults(run="IMPALA", env="PongNoFrameskip-v4")
    args = parser.parse_args()
    print("Training", args.run, "on", args.env, "with", args.config or "the default settings")

    # The parser knows the address of the cluster that runs this script; on its own, the script
    # starts a Ray for itself.
    ray.init(address=args.ray_address)

    analysis = tune.run(
        run_or_experiment=args.run,
        config={
            "env": args.env,
            "callbacks": {"on_train_result": callbacks.on_train_result},
            **(PONG_SETTINGS if "Pong" in args.env else {}),
            **args.config,
        },
        stop=args.stop,
        num_samples=args.num_samples,
        local_dir=args.local_dir,
        name=args.experiment_name,
        seed=args.seed,
        checkpoint_freq=args.checkpoint_freq,
        checkpoint_at_end=args.checkpoint_at_end,
        keep_checkpoints_num=args.keep_checkpoints_num,
        max_failures=args.max_failures,
    )
    for trial in analysis.trials:
        reward = trial.last_result.get("episode_reward_mean", float("nan"))
        steps = trial.last_result["timesteps_total"]
        print(f"Mean reward {reward:.2f} after {steps:,} env steps; results in {trial.path}")


if __name__ == "__main__":
    main()
