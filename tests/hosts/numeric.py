"""numpy and pandas at work, in several threads: the same numbers, to the last bit."""

PACKAGES = ["numpy", "pandas"]

NUMPY = '''
import hashlib, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np

def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]

def work(seed):
    random = np.random.default_rng(seed)
    a = random.random((400, 400))
    spectrum = np.fft.rfft(a, axis=0)
    ordered = np.sort(random.integers(0, 10**9, 300_000))
    words = np.array([f"word {i % 97}" for i in range(20_000)], dtype=object)
    unique, counts = np.unique(words.astype(str), return_counts=True)
    record = np.zeros(1000, dtype=[("a", "i4"), ("b", "f8", (3,)), ("c", "U5")])
    record["b"] += random.random((1000, 3))
    return seed, digest(a * 2), digest(spectrum), digest(ordered), digest(counts), digest(record["b"])

began = time.monotonic()
turn = 0
with ThreadPoolExecutor(4) as pool:
    for result in pool.map(work, range(40)):
        print(*result)
a = np.random.default_rng(1).random((300, 300))
print(round(float(np.linalg.det(a / 10)), 6) == round(float(np.linalg.det(a / 10)), 6), np.allclose(a @ np.linalg.inv(a), np.eye(300)))
with np.errstate(all="raise"):
    try:
        np.float64(1) / np.float64(0)
    except FloatingPointError as error:
        print("raised", error)
view = np.arange(10)[::2]
shared = np.broadcast_to(view, (3, 5))
time.sleep(0.3)
print(sys.getrefcount(view), sys.getrefcount(shared), view.base is not None)
'''

PANDAS = '''
import io, sys, time
import numpy as np, pandas as pd

random = np.random.default_rng(0)
frame = pd.DataFrame({
    "key": random.choice(list("abcdefgh"), 200_000),
    "when": pd.date_range("2020-01-01", periods=200_000, freq="min"),
    "value": random.integers(0, 1000, 200_000),
})
print(frame.groupby("key")["value"].agg(["sum", "min", "max", "count"]))
print(frame.set_index("when")["value"].resample("30D").sum())
other = pd.DataFrame({"key": list("abcd"), "weight": [1, 2, 3, 4]})
merged = frame.merge(other, on="key", how="left")
print(merged["weight"].isna().sum(), merged.memory_usage(index=False).sum())
print(frame.head(2000).apply(lambda row: f"{row.key}{row.value % 7}", axis=1).value_counts().sort_index().head(9))
text = frame.head(20_000).to_csv(index=False)
print(len(text), pd.read_csv(io.StringIO(text), parse_dates=["when"]).equals(frame.head(20_000)))
print(frame.pivot_table(index="key", columns=frame["when"].dt.month, values="value", aggfunc="sum"))
frame.loc[frame["value"] > 990, "value"] = -1
print((frame["value"] == -1).sum(), pd.util.hash_pandas_object(frame).sum())
time.sleep(0.3)
'''


def script(text):
    """The case for a script."""

    def case(run):
        program = run.start("python", "-W", "error", run.write("work.py", text), OPENBLAS_NUM_THREADS="2")
        program.ends()
        run.requests += 1
        run.nothing_left()

    return case


CASES = {"numpy": script(NUMPY), "pandas": script(PANDAS)}
