"""A CPU-bound script: ROUNDS [EVERY].

Prints nanoseconds: wall time, the main thread's CPU time, all threads' CPU time. Asks Tripod for a dump after EVERY
rounds, again and again; by default never.
"""

import os
import signal
import sys
import time


class Body:
    def __init__(self, place, speed):
        self.place = place
        self.speed = speed

    def step(self, pull, dt):
        self.speed += pull * dt
        self.place += self.speed * dt


def pull_on(body, others):
    total = 0.0
    for other in others:
        distance = other.place - body.place
        total += distance / (abs(distance) ** 3 + 0.01)
    return total


def simulate(rounds, every):
    bodies = [Body(float(number), 0.0) for number in range(8)]
    seen = {}
    for turn in range(rounds):
        pulls = [pull_on(body, bodies) for body in bodies]
        for body, pull in zip(bodies, pulls):
            body.step(pull, 0.001)
        if turn % every == every - 1:
            os.kill(os.getpid(), signal.SIGUSR2)
        seen[turn % 97] = sum(abs(body.speed) for body in bodies)
    return seen


if __name__ == "__main__":
    clocks = (time.perf_counter_ns, time.thread_time_ns, time.process_time_ns)
    rounds, every = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 62
    before = [clock() for clock in clocks]
    simulate(rounds, every)
    print(*[clock() - begun for clock, begun in zip(clocks, before)])
