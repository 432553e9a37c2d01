#!/bin/bash
# A Slurm cluster of two nodes on this machine: `two_nodes.sh COMMAND...` starts its daemons in a temporary folder, runs
# COMMAND with SLURM_CONF set, and stops them. Debian: apt install --no-install-recommends slurmctld slurmd slurm-client
# slurm-wlm-basic-plugins munge; as root.
set -eu
[ $# -gt 0 ] || { echo "usage: two_nodes.sh COMMAND..." >&2; exit 2; }
# The nodes' names lead here, for this script and what it starts alone.
if [ -z "${TWO_NODES_HOSTS:-}" ]; then
    export TWO_NODES_HOSTS=$(mktemp)
    { cat /etc/hosts; echo "127.0.0.1 n1 n2"; } > "$TWO_NODES_HOSTS"
    status=0
    unshare --mount sh -c 'mount --bind "$TWO_NODES_HOSTS" /etc/hosts && exec "$@"' sh "$0" "$@" || status=$?
    rm -f "$TWO_NODES_HOSTS"
    exit $status
fi
folder=$(mktemp -d) host=$(hostname) daemons=()
finish() {
    for daemon in "${daemons[@]}"; do kill "$daemon" 2>/dev/null || true; done
    wait "${daemons[@]}" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
start() { "$@" > "$folder/log/$(basename "$1").out" 2>&1 & daemons+=($!); }
mkdir "$folder/state" "$folder/run" "$folder/log"
chmod 755 "$folder" "$folder/run"
(umask 077; head -c 1024 /dev/urandom > "$folder/munge.key")
cat > "$folder/slurm.conf" <<CONF
ClusterName=two_nodes
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job that is queued again may start after this many seconds; 120 by default.
AuthInfo=socket=$folder/run/munge.sock,cred_expire=10
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobRequeue=1
# The nodes claim more cores than this machine has, so that job scripts of real clusters run here.
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=64 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
start munged -F --force --key-file="$folder/munge.key" --socket="$folder/run/munge.sock" \
    --pid-file="$folder/run/munged.pid" --log-file="$folder/log/munged.log" --seed-file="$folder/munge.seed"
for _ in {1..50}; do [ -S "$folder/run/munge.sock" ] && break; sleep 0.1; done
start slurmctld -D
start slurmd -D -N n1
start slurmd -D -N n2
idle() { sinfo -h -t idle -o %D 2>/dev/null | awk '{ nodes += $1 } END { print nodes + 0 }'; }
for _ in {1..120}; do [ "$(idle)" = 2 ] && break; sleep 0.5; done
[ "$(idle)" = 2 ] || { cat "$folder"/log/* >&2; echo "the two nodes did not start" >&2; exit 1; }
"$@"
