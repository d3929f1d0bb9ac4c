"""PPO on Pong in one file, on ALE's native vector environment: what a person would write instead.

    python benchmarks/ppo_single_file.py [--seconds 60] [--threads N] [--seed 1]

16 games of 64 steps, 3 epochs of 4 minibatches, clipped at 0.15, normalised advantages; all in one
process, sampling and learning in turn. Prints a line for every fifth update, and JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import deque

import numpy as np
import torch
from ale_py.vector_env import AtariVectorEnv
from torch import nn

GAMES, STEPS, EPOCHS, MINIBATCHES = 16, 64, 3, 4
GAMMA, LAMBDA, CLIP, ENTROPY, RATE = 0.99, 0.95, 0.15, 0.01, 5e-4


class Agent(nn.Module):
    def __init__(self, actions: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Flatten(),
            nn.Linear(576, 256), nn.ReLU(),
        )  # fmt: skip
        self.policy, self.value = nn.Linear(256, actions), nn.Linear(256, 1)

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(frames.float() / 255.0)
        return torch.log_softmax(self.policy(features), -1), self.value(features).squeeze(-1)


def train(seconds: float, threads: int, seed: int) -> dict[str, float]:
    """Train for so long after the first update: env steps a second, CPU of one, mean return."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    games = AtariVectorEnv(
        "pong", GAMES, num_threads=threads, repeat_action_probability=0.0, frameskip=4,
        noop_max=30, use_fire_reset=True, img_height=42, img_width=42, reward_clipping=False,
        episodic_life=False,
    )  # fmt: skip
    agent = Agent(int(games.single_action_space.n))
    optimizer = torch.optim.Adam(agent.parameters(), RATE, eps=1e-5, fused=True)
    frames = np.zeros((STEPS + 1, GAMES, 4, 42, 42), np.uint8)
    rewards, lasting = np.zeros((2, STEPS, GAMES), np.float32)
    actions = np.zeros((STEPS, GAMES), np.int64)
    chosen, values = np.zeros((2, STEPS + 1, GAMES), np.float32)
    frames[0], _ = games.reset(seed=seed)
    returns, running = deque(maxlen=100), np.zeros(GAMES)
    steps, updates, began, last, cpu = 0, 0, time.perf_counter(), 0.0, 0.0
    while not updates or time.perf_counter() - began < seconds:
        for t in range(STEPS):
            with torch.inference_mode():
                policy, value = agent(torch.from_numpy(frames[t]))
                action = torch.multinomial(policy.exp(), 1)
                chosen[t] = policy.gather(1, action).squeeze(-1).numpy()
            values[t], actions[t] = value.numpy(), action.squeeze(-1).numpy()
            frames[t + 1], reward, ended, cut, _ = games.step(actions[t])
            rewards[t], lasting[t] = np.clip(reward, -1, 1), ~(ended | cut)
            running += reward
            for game in np.flatnonzero(ended | cut):
                returns.append(running[game])
                running[game] = 0.0
        with torch.inference_mode():
            values[STEPS] = agent(torch.from_numpy(frames[STEPS]))[1].numpy()
        advantages, later = np.zeros_like(rewards), np.zeros(GAMES, np.float32)
        for t in reversed(range(STEPS)):
            error = rewards[t] + GAMMA * lasting[t] * values[t + 1] - values[t]
            advantages[t] = later = error + GAMMA * LAMBDA * lasting[t] * later
        targets = torch.from_numpy((advantages + values[:STEPS]).reshape(-1))
        batch = torch.from_numpy(frames[:STEPS].reshape(-1, 4, 42, 42))
        taken = torch.from_numpy(actions.reshape(-1))[:, None]
        before = torch.from_numpy(chosen[:STEPS].reshape(-1))
        weights = torch.from_numpy(advantages.reshape(-1))
        for _ in range(EPOCHS):
            for part in torch.randperm(len(batch)).chunk(MINIBATCHES):
                policy, value = agent(batch[part])
                ratio = (policy.gather(1, taken[part]).squeeze(-1) - before[part]).exp()
                weight = (weights[part] - weights[part].mean()) / (weights[part].std() + 1e-8)
                gain = torch.min(weight * ratio, weight * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
                entropy = -(policy.exp() * policy).sum(-1).mean()
                loss = 0.5 * (value - targets[part]).square().mean() - gain - ENTROPY * entropy
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
        frames[0] = frames[STEPS]
        updates += 1
        if updates == 1:  # from here on time counts
            began, cpu = time.perf_counter(), time.process_time()
            continue
        steps += STEPS * GAMES
        last = time.perf_counter() - began
        if updates % 5 == 0:
            mean = f", mean return {np.mean(returns):.1f}" if returns else ""
            print(f"{last:.0f} s, {steps} env steps, {steps / last:.0f}/s{mean}", flush=True)
    games.close()
    found = {"sampled": steps / last, "trained": steps / last, "env_steps": float(steps)}
    found["cpu_us"] = 1e6 * (time.process_time() - cpu) / steps
    return found | ({"return_mean": float(np.mean(returns))} if returns else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(json.dumps(train(args.seconds, args.threads, args.seed)))


if __name__ == "__main__":
    main()
