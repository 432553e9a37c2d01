//! The CUDA half of LibTorch, opened at run time.

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What [`load_cuda`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cuda {
    /// The CUDA half is loaded. Whether there is a GPU that it can use, LibTorch itself must be asked.
    Loaded {
        /// The library that was opened.
        library: PathBuf,
    },
    /// This LibTorch has no CUDA half.
    Absent {
        /// Where it was looked for.
        library: PathBuf,
    },
    /// The CUDA half is there and cannot be loaded, mostly because one of NVIDIA's libraries is missing.
    Failed {
        /// The library that was tried.
        library: PathBuf,
        /// What the dynamic linker says.
        reason: String,
    },
    /// No LibTorch is loaded in this process.
    NoLibtorch,
    /// Not Linux: LibTorch has no CUDA half to load on this system, or the system loads it with the CPU half.
    Unsupported,
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { library } => write!(f, "CUDA half loaded from {}", library.display()),
            Self::Absent { library } => write!(f, "no CUDA half: {} does not exist", library.display()),
            Self::Failed { library, reason } => {
                write!(f, "the CUDA half {} cannot be loaded: {reason}", library.display())
            }
            Self::NoLibtorch => f.write_str("no LibTorch in this process"),
            Self::Unsupported => f.write_str("the CUDA half is loaded at run time on Linux only"),
        }
    }
}

/// Loads LibTorch's CUDA half if it lies beside the CPU half that this process uses, once; later calls return the same
/// answer.
///
/// It must run before the first LibTorch call of the process: LibTorch looks for its CUDA half once and remembers the
/// answer, so a later load succeeds and changes nothing.
pub fn load_cuda() -> &'static Cuda {
    static FOUND: OnceLock<Cuda> = OnceLock::new();
    FOUND.get_or_init(load)
}

#[cfg(not(target_os = "linux"))]
fn load() -> Cuda {
    Cuda::Unsupported
}

#[cfg(target_os = "linux")]
fn load() -> Cuda {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let Some(folder) = linux::libtorch_folder(&maps) else {
        return Cuda::NoLibtorch;
    };
    let library = folder.join("libtorch_cuda.so");
    if !library.exists() {
        return Cuda::Absent { library };
    }
    match linux::open(&library) {
        Ok(()) => Cuda::Loaded { library },
        Err(reason) => Cuda::Failed { library, reason },
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{CStr, CString};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    /// Folder of the CPU half in a process's memory map.
    pub(super) fn libtorch_folder(maps: &str) -> Option<&Path> {
        let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
        // The path is the last field and may hold blanks.
        Path::new(&line[line.find('/')?..]).parent()
    }

    /// Opens a library for the rest of the process's life, its symbols visible to all that is loaded later.
    pub(super) fn open(library: &Path) -> Result<(), String> {
        let path = CString::new(library.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
        // SAFETY: `path` is a C string that outlives the call. Opening runs the library's initialisers, which register
        // CUDA's kernels with the LibTorch of the same version beside it; the handle is never closed, so nothing that
        // they registered can dangle.
        #[allow(unsafe_code, reason = "loads a library from C")]
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        if !handle.is_null() {
            return Ok(());
        }
        // SAFETY: dlerror has no preconditions; its text is this thread's own until the next dl call of the thread,
        // and it is copied before that.
        #[allow(unsafe_code, reason = "reads a text of C")]
        let text = unsafe {
            let text = libc::dlerror();
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        };
        Err(text.unwrap_or_else(|| "the dynamic linker gives no reason".to_owned()))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_folder_is_read_from_the_memory_map_even_with_blanks() {
        let maps = "7f00-7f01 r-xp 00000000 fe:01 12  /usr/lib/libc.so.6\n\
                    7f02-7f03 r--p 00000000 fe:01 13                         /opt/my torch/lib/libtorch_cpu.so\n\
                    7f04-7f05 rw-p 00000000 00:00 0   [heap]\n";
        assert_eq!(linux::libtorch_folder(maps), Some(Path::new("/opt/my torch/lib")));
        assert_eq!(linux::libtorch_folder("7f04-7f05 rw-p 00000000 00:00 0   [heap]\n"), None);
    }

    #[test]
    fn a_library_that_is_none_fails_with_the_linkers_reason() {
        let path = std::env::temp_dir().join(format!("promoter-no-library-{}.so", std::process::id()));
        std::fs::write(&path, "no library").unwrap();
        let reason = linux::open(&path).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(reason.contains("promoter-no-library"), "{reason}");
        assert!(linux::open(Path::new("a\0b.so")).is_err());
    }

    #[test]
    fn a_library_that_is_one_opens() {
        assert_eq!(linux::open(Path::new("libm.so.6")), Ok(()));
    }

    #[test]
    fn without_libtorch_in_the_process_it_says_so_every_time() {
        // This crate links no LibTorch.
        assert_eq!(load_cuda(), &Cuda::NoLibtorch);
        assert!(std::ptr::eq(load_cuda(), load_cuda()));
    }

    #[test]
    fn every_answer_says_what_it_is() {
        let library = Path::new("lib/libtorch_cuda.so").to_path_buf();
        let answers = [
            (Cuda::Loaded { library: library.clone() }, "CUDA half loaded from lib/libtorch_cuda.so"),
            (Cuda::Absent { library: library.clone() }, "no CUDA half: lib/libtorch_cuda.so does not exist"),
            (
                Cuda::Failed { library, reason: "libcudnn.so.9: missing".into() },
                "the CUDA half lib/libtorch_cuda.so cannot be loaded: libcudnn.so.9: missing",
            ),
            (Cuda::NoLibtorch, "no LibTorch in this process"),
            (Cuda::Unsupported, "the CUDA half is loaded at run time on Linux only"),
        ];
        for (answer, text) in answers {
            assert_eq!(answer.to_string(), text);
        }
    }
}
