#!/bin/sh
# One network on two nodes: `sbatch examples/slurm/train.sh` in the project's folder, with `promoter` in the PATH.
# Before its time ends it writes a checkpoint and is queued again; it goes on where it was.
#SBATCH --job-name=promoter-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=4:00:00
#SBATCH --signal=USR2@90
#SBATCH --requeue
#SBATCH --open-mode=append

srun promoter train "${EXPERIMENT:-examples/enformer_slim.toml}" --out "${RUN:-runs/two-nodes}" --device cpu
status=$?
[ $status -eq 75 ] && exec scontrol requeue "$SLURM_JOB_ID"
exit $status
