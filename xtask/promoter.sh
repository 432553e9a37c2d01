#!/bin/sh
# Starts promoter with the LibTorch that LIBTORCH names or that lies in torch/ beside this file.
own=$0
while [ -h "$own" ]; do
    link=$(readlink "$own")
    case $link in /*) own=$link ;; *) own=$(dirname "$own")/$link ;; esac
done
own=$(cd "$(dirname "$own")" && pwd -P)
libtorch=${LIBTORCH:-$own/torch}
if [ ! -e "$libtorch/lib/libtorch_cpu.so" ]; then
    echo "error: LibTorch @VERSION@ is not in $libtorch: install it with pip or conda (torch==@VERSION@), and" >&2
    echo 'export LIBTORCH=$(python3 -c "import torch, os; print(os.path.dirname(torch.__file__))")' >&2
    exit 1
fi
found=$(sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$libtorch/version.py" 2>/dev/null)
: "${found:=$(sed 's/+.*//' "$libtorch/build-version" 2>/dev/null)}"
if [ -n "$found" ] && [ "$found" != "@VERSION@" ]; then
    echo "error: LibTorch in $libtorch is version $found, but version @VERSION@ is wanted" >&2
    exit 1
fi
LD_LIBRARY_PATH=$libtorch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$own/libexec/promoter" "$@"
