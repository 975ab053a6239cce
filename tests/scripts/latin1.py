# -*- coding: latin-1 -*-
"""A source in Latin-1."""
import victim


def hold():
    café = "été"
    return victim.step(), "café"  # HERE é


hold()
