#!/bin/sh
# A long list of sequences in four parts: `sbatch examples/slurm/predict.sh` in the project's folder, with `promoter` in
# the PATH. The parts in their order are the predictions of one process:
#
#   cat predictions/part-0.tsv predictions/part-1.tsv predictions/part-2.tsv predictions/part-3.tsv > predictions.tsv
#SBATCH --job-name=promoter-predict
#SBATCH --array=0-3
#SBATCH --cpus-per-task=16
#SBATCH --time=1:00:00
#SBATCH --requeue

mkdir -p "${OUT:-predictions}"
srun --ntasks=1 promoter predict "${MODEL:-runs/two-nodes}" "${SEQUENCES:-sequences.tsv}" --device cpu \
    --task "$SLURM_ARRAY_TASK_ID" --tasks "$SLURM_ARRAY_TASK_COUNT" -o "${OUT:-predictions}/part-$SLURM_ARRAY_TASK_ID.tsv"
