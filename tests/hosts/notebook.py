"""A notebook run by nbclient: the kernel is a process of its own; one cell is interrupted."""

PACKAGES = ["nbclient", "nbformat", "ipykernel"]

CLIENT = '''
import json, sys
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError

cells = [
    "import os, sys, time, threading, subprocess; print('started')",
    "time.sleep(0.6); 6 * 7",
    "print(subprocess.run([sys.executable, '-c', 'print(1 + 1)'], capture_output=True, text=True).stdout)",
    "!echo from the shell",
    "1 / 0",
    "class Thing:\\n    def __repr__(self): return f'a thing of {threading.current_thread().name}'\\nthing = Thing(); thing",
    "import asyncio; await asyncio.sleep(0.3, 'awaited')",
    "sorted(thread.name for thread in threading.enumerate())",
    "print('err', file=sys.stderr)",
    "[i for i in range(5) if not time.sleep(0.1)]",
    "time.sleep(600)",
    "print('after the interrupt')",
]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
for cell in notebook.cells:
    cell.id = str(notebook.cells.index(cell))
client = NotebookClient(
    notebook, timeout=60, kernel_name="python3", allow_errors=True, interrupt_on_timeout=True,
    timeout_func=lambda cell: 2 if "600" in cell.source else 60, iopub_timeout=30,
)
client.execute()
for cell in notebook.cells:
    print(cell.execution_count, json.dumps(cell.outputs, indent=1, sort_keys=True))
'''


def executed(run):
    """Prints every cell's outputs."""
    run.write("client.py", CLIENT)
    # nbclient is not told of a port that is taken; the kernel listens on the loopback alone.
    program = run.start("python", "client.py", PYDEVD_DISABLE_FILE_VALIDATION="1")
    program.ends()
    run.requests += 12
    run.nothing_left()
    run.shows("time.sleep(600)")


CASES = {"notebook": executed}
