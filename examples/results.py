# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The published results as a frame
#
# Every record of a checkout's `results/` in one pandas frame, a row per run and task. Start this
# notebook in the top folder of a checkout, or give `seesaw.results` the address of a store. Where a
# run was made again, its newest attempt counts.

# %%
import matplotlib.pyplot as plt
import seaborn as sns

import seesaw

results = seesaw.results().drop_duplicates(["record", "task"], keep="last")
results.groupby(["track", "budget", "budget_kind"]).agg(
    methods=("method", "nunique"), runs=("record", "nunique")
)

# %% [markdown]
# ## One board
#
# A board is one track at one budget, tuned or not. Its average is over the tasks of a run whose
# score is in points; the average of the constant answer is the line to beat.

# %%
TRACK = "sentences@2"
board = results.query("track == @TRACK and budget_kind == 'total' and not tuned")
board = board[(board.budget == board.budget.max()) & (board.unit == "points")]
board = board.assign(entry=(board.method + " " + board.options).str.strip())
runs = board.groupby(["entry", "seed", "path"], as_index=False).score.mean()
order = runs.groupby("entry").score.mean().sort_values(ascending=False).index
runs.groupby("entry").score.agg(["mean", "std", "count"]).loc[order].round(2)

# %% [markdown]
# ## Seeds as points
#
# Each point is one run. What lies within the spread of the points is not told apart by them; the
# leaderboard says which differences are, by seed and test item.

# %%
figure, axes = plt.subplots(figsize=(7, 0.35 * len(order) + 1))
shown = {"x": "score", "y": "entry", "order": order, "ax": axes}
sns.pointplot(runs, errorbar="sd", color="0.6", linestyle="none", **shown)
sns.stripplot(runs, hue="entry", legend=False, **shown)
axes.axvline(board.drop_duplicates("task").constant.mean(), color="0.6", linestyle=":")
axes.set(xlabel=f"average of {board.task.nunique()} tasks, in points", ylabel="", title=TRACK)
figure.tight_layout()

# %% [markdown]
# ## One record
#
# A row's `path` names the file of its run, which says what was trained, by what code, on what
# machine.

# %%
best = runs.sort_values("score").iloc[-1]
record = seesaw.load_record(best.path)
print(record.spec.called, record.spec.seed, record.parameters.adapter, record.provenance.machine)
record.scores()
