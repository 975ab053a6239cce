"""Real programs, run bare and under Tripod: what they answer must be the same. See scripts/hosts.

A module each. It has PACKAGES, what pip installs, and CASES, functions by name. A case is called twice, with a `Run`
that is bare and one that is not, and tells it what it saw. Standard library only.
"""
