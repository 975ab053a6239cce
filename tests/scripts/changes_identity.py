"""Stands; becomes someone else or goes elsewhere, as each of its arguments says, and stands again."""
import os
import sys

import victim

victim.keep_open()
victim.step(still=False)
for change in sys.argv[1:]:
    kind, _, where = change.partition(":")
    if kind == "chdir":
        os.chdir(where)
    elif kind == "chroot":
        os.chroot(where)
        os.chdir("/")
    elif kind == "setuid":
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    victim.step(still=False)
    print(kind, os.getuid(), os.path.basename(os.getcwd()), flush=True)
