"""A module's own variables among what every module has."""
import os
import sys
import victim
from victim import step


class Job:
    pass


def work():
    pass


answer = 42
names = ["a", "b"]
nothing = None
step()
