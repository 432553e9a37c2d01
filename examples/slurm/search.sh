#!/bin/sh
# A search by four tasks: `sbatch examples/slurm/search.sh` in the project's folder, with `promoter` in the PATH. Each
# trial is trained by one task; those of a task that dies are taken over. `promoter report DIR` ranks them at any time.
#SBATCH --job-name=promoter-search
#SBATCH --array=0-3
#SBATCH --cpus-per-task=16
#SBATCH --time=4:00:00
#SBATCH --signal=USR2@90
#SBATCH --requeue
#SBATCH --open-mode=append

srun --ntasks=1 promoter search "${SEARCH:-examples/noisy_chardonnay_search.toml}" --out "${OUT:-searches/array}" \
    --device cpu --task "$SLURM_ARRAY_TASK_ID" --tasks "$SLURM_ARRAY_TASK_COUNT"
status=$?
[ $status -eq 75 ] && exec scontrol requeue "$SLURM_JOB_ID"
exit $status
