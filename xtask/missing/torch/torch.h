// Found by the compiler only where LibTorch itself is missing: the line below is the message that cargo then shows.
#include <LibTorch-2.11.0-is-missing:-run-cargo-xtask-setup-once>
