"""Processes by the standard library's own means: multiprocessing with the start method that is asked for, or a pool."""
import concurrent.futures
import multiprocessing
import os
import sys

import victim


def work(number):
    victim.say("process", os.getpid(), "worker")
    victim.dump()
    victim.tick()
    return number * number


def talk(connection):
    victim.say("process", os.getpid(), "talker")
    connection.send(work(connection.recv()))
    victim.dump()
    sys.exit(9)


def main(method):
    context = multiprocessing.get_context(method)
    here, there = context.Pipe()
    process = context.Process(target=talk, args=(there,))
    process.start()
    victim.dump()
    here.send(5)
    print(here.recv())
    process.join()
    print(process.exitcode)
    with context.Pool(2) as pool:
        print(pool.map(work, range(4), chunksize=1))
        pool.close()
        pool.join()
    victim.dump()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        print(sum(executor.map(work, range(4))))
    victim.dump()
    print(multiprocessing.active_children())


if __name__ == "__main__":
    main(sys.argv[1])
