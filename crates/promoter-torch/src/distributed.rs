//! Processes that train one network: PyTorch's own c10d, with Gloo on the CPU.
//!
//! A [`Group`] sums tensors across its ranks, and copies them from rank 0; a [`Reducer`] sums gradients while the
//! backward pass still goes on. All ranks call the same functions in the same order. Results are the same to the last
//! bit on every rank.
//!
//! NCCL, for NVIDIA GPUs, is not among this build's backends: tensors are on the CPU.
#![allow(unsafe_code, reason = "calls the C++ shim with live tensors and with what this module owns")]

mod shim;

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_int};
use std::sync::Arc;
use std::time::Duration;

use tch::{Device, Kind, TchError, Tensor};

use crate::Error;
use crate::shim::{check, pointers};

/// How long ranks wait for each other at most, unless a [`Rendezvous`] says otherwise: PyTorch's default.
pub const TIMEOUT: Duration = Duration::from_secs(30 * 60);

thread_local! {
    static SYNCHRONISED: RefCell<Option<Group>> = const { RefCell::new(None) };
}

/// Where the ranks of a group meet, and which of them this process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// This process, from 0.
    pub rank: usize,
    /// Processes in all.
    pub size: usize,
    /// Name or address of the machine with the store, which is rank 0's.
    pub host: String,
    /// Port of the store.
    pub port: u16,
    /// Whether the launcher serves the store; otherwise rank 0 does.
    pub launcher_serves: bool,
    /// Which start of the processes it is, from 0: a restart does not see what the start before left in the store.
    pub restarts: u64,
    /// Network interface, such as `eth0`; if omitted, the one of the machine's name.
    pub interface: Option<String>,
    /// How long ranks wait for each other at most.
    pub timeout: Duration,
}

/// The processes that train one network, and this process among them. Clones are the same group.
///
/// ```
/// use promoter_torch::distributed::Group;
/// use tch::Tensor;
/// let group = Group::alone();
/// let loss = Tensor::from(2.0);
/// group.all_reduce(&[loss.shallow_clone()])?; // over one process: as it was
/// assert_eq!((group.rank(), group.size(), loss.double_value(&[])), (0, 1, 2.0));
/// # Ok::<(), promoter_torch::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Group(Option<Arc<Joined>>);

#[derive(Debug)]
struct Joined {
    group: *mut shim::Group,
    at: Rendezvous,
}

// SAFETY: a c10d process group and its store may be called from any thread; the shim locks what the groups of a process
// share. That all ranks call in the same order is for the callers to see to; where they do not, calls fail and memory
// stays sound.
unsafe impl Send for Joined {}
// SAFETY: as above.
unsafe impl Sync for Joined {}

impl Group {
    /// A process by itself: sums and copies leave everything as it is.
    pub fn alone() -> Self {
        Self(None)
    }

    /// Meets the other ranks. It waits until all are there.
    ///
    /// # Errors
    /// [`Error::Meet`] when the store cannot be reached or served, [`Error::Lost`] when ranks are missing after the
    /// time-out, [`Error::Rank`] for a rank that is not below the size.
    pub fn join(at: &Rendezvous) -> Result<Self, Error> {
        if at.rank >= at.size {
            return Err(Error::Rank { rank: at.rank, size: at.size });
        }
        if at.size == 1 {
            return Ok(Self::alone());
        }
        let meet = |source| Error::Meet { host: at.host.clone(), port: at.port, source };
        let c_string = |text: &str| CString::new(text).map_err(|error| meet(TchError::Nul(error)));
        let (host, interface) = (c_string(&at.host)?, c_string(at.interface.as_deref().unwrap_or_default())?);
        let prefix = c_string(&format!("promoter/{}", at.restarts))?;
        let serves = at.rank == 0 && !at.launcher_serves;
        let mut group = std::ptr::null_mut();
        // SAFETY: C strings that outlive the call, plain numbers, and a pointer to a local, which is set to a new group
        // as soon as the store has been reached.
        let met = check(unsafe {
            shim::pt_group_join(
                host.as_ptr(),
                at.port.into(),
                at.rank as c_int,
                at.size as c_int,
                serves.into(),
                prefix.as_ptr(),
                interface.as_ptr(),
                at.timeout.as_millis() as i64,
                &mut group,
            )
        });
        if group.is_null() {
            return Err(meet(met.err().unwrap_or_else(|| TchError::Torch("no group".into()))));
        }
        let joined = Joined { group, at: at.clone() };
        if let Err(error) = met {
            return Err(joined.failure(error));
        }
        let group = Self(Some(Arc::new(joined)));
        // Who left at once would be missed by whoever still connects.
        group.barrier()?;
        Ok(group)
    }

    /// This process, from 0.
    pub fn rank(&self) -> usize {
        self.0.as_ref().map_or(0, |joined| joined.at.rank)
    }

    /// Processes in all.
    pub fn size(&self) -> usize {
        self.0.as_ref().map_or(1, |joined| joined.at.size)
    }

    /// Whether there is no other process.
    pub fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this process is rank 0, which writes files and speaks to people.
    pub fn leads(&self) -> bool {
        self.rank() == 0
    }

    /// Replaces each tensor by its sum over all ranks. All are of one kind.
    ///
    /// # Errors
    /// [`Error::Lost`] when a rank has ended or does not answer, [`Error::Torch`].
    pub fn all_reduce(&self, tensors: &[Tensor]) -> Result<(), Error> {
        let Some(joined) = self.0.as_ref().filter(|_| !tensors.is_empty()) else { return Ok(()) };
        let list = pointers(tensors);
        // SAFETY: a live group, pointers to live tensors.
        joined.result(check(unsafe { shim::pt_group_all_reduce(joined.group, list.as_ptr(), list.len()) }))
    }

    /// Replaces each tensor by rank 0's.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce).
    pub fn broadcast(&self, tensors: &[Tensor]) -> Result<(), Error> {
        let Some(joined) = self.0.as_ref().filter(|_| !tensors.is_empty()) else { return Ok(()) };
        let list = pointers(tensors);
        // SAFETY: a live group, pointers to live tensors.
        joined.result(check(unsafe { shim::pt_group_broadcast(joined.group, list.as_ptr(), list.len()) }))
    }

    /// Waits until all ranks are here.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce); after the time-out too.
    pub fn barrier(&self) -> Result<(), Error> {
        self.any(false).map(drop)
    }

    /// Whether it is so on any rank.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce).
    pub fn any(&self, is_so: bool) -> Result<bool, Error> {
        if self.is_alone() {
            return Ok(is_so);
        }
        let count = Tensor::f_from_slice(&[i64::from(is_so)])?;
        self.all_reduce(&[count.shallow_clone()])?;
        Ok(count.f_int64_value(&[0])? > 0)
    }

    /// The bytes that every rank gives, in the order of the ranks.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce).
    pub fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        // What a rank does not give is zero, and a sum with zeros is what the others give.
        let lengths = Tensor::f_zeros([self.size() as i64], (Kind::Int64, Device::Cpu))?;
        let _ = lengths.f_select(0, self.rank() as i64)?.f_fill_(bytes.len() as i64)?;
        self.all_reduce(&[lengths.shallow_clone()])?;
        let lengths: Vec<i64> = Vec::try_from(&lengths)?;
        let all = Tensor::f_zeros([lengths.iter().sum()], (Kind::Uint8, Device::Cpu))?;
        let before = lengths[..self.rank()].iter().sum();
        all.f_narrow(0, before, bytes.len() as i64)?.f_copy_(&Tensor::f_from_slice(bytes)?)?;
        self.all_reduce(&[all.shallow_clone()])?;
        let mut rest: &[u8] = &Vec::<u8>::try_from(&all)?;
        let mut take = |n: i64| {
            let (part, others) = rest.split_at(n as usize);
            rest = others;
            part.to_vec()
        };
        Ok(lengths.iter().map(|&n| take(n)).collect())
    }

    /// The bytes that rank 0 gives.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce).
    pub fn of_lead(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.gather(if self.leads() { bytes } else { &[] })?.swap_remove(0))
    }

    /// The sum over all ranks, as part of a graph: the gradient of a summand is the sum of what every rank's loss says
    /// of the total.
    ///
    /// # Errors
    /// As [`all_reduce`](Self::all_reduce).
    pub fn total(&self, x: &Tensor) -> Result<Tensor, Error> {
        let Some(joined) = &self.0 else { return Ok(x.shallow_clone()) };
        let mut out = std::ptr::null_mut();
        // SAFETY: a live group, a live tensor; `out` is set to a new tensor when the call succeeds.
        unsafe {
            joined.result(check(shim::pt_group_total(joined.group, x.as_ptr(), &mut out)))?;
            Ok(Tensor::from_ptr(out))
        }
    }

    /// Runs `f` so that batch norms on this thread take their statistics over all ranks: see [`synchronised`].
    pub fn synchronise<T>(&self, f: impl FnOnce() -> T) -> T {
        let before = SYNCHRONISED.replace((!self.is_alone()).then(|| self.clone()));
        let _restore = Restore(before);
        f()
    }
}

/// The group of the [`Group::synchronise`] that this thread is in.
pub fn synchronised() -> Option<Group> {
    SYNCHRONISED.with_borrow(Clone::clone)
}

struct Restore(Option<Group>);

impl Drop for Restore {
    fn drop(&mut self) {
        SYNCHRONISED.set(self.0.take());
    }
}

impl Joined {
    fn result(&self, result: Result<(), TchError>) -> Result<(), Error> {
        result.map_err(|error| self.failure(error))
    }

    /// Who is lost, when an operation of all ranks has failed. It takes some seconds.
    fn failure(&self, source: TchError) -> Error {
        let mut text = [0; 4096];
        // SAFETY: a live group, and a buffer of the length given, which is closed with a zero.
        let asked = check(unsafe { shim::pt_group_lost(self.group, text.as_mut_ptr(), text.len()) });
        // SAFETY: zeros, or a text that the call has closed with a zero.
        let ranks = unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().replace(',', ", ");
        let size = self.at.size;
        match asked {
            Ok(()) if ranks.is_empty() => Error::Torch(source),
            Ok(()) => Error::Lost { who: format!("rank {ranks} of {size}"), source },
            Err(_) if self.at.launcher_serves => Error::Lost { who: "the launcher".into(), source },
            Err(_) => Error::Lost { who: format!("rank 0 of {size}"), source },
        }
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // SAFETY: made by `join`, and nobody else has the pointer.
        unsafe { shim::pt_group_free(self.group) }
    }
}

/// PyTorch's Reducer: gradients are summed over the ranks in buckets of 25 MB, each as soon as the backward pass has
/// filled it.
#[derive(Debug)]
pub struct Reducer {
    reducer: *mut shim::Reducer,
    weights: usize,
    group: Arc<Joined>,
}

// SAFETY: a c10d Reducer may be called from any one thread at a time, and is not `Sync`.
unsafe impl Send for Reducer {}

impl Reducer {
    /// A reducer of the gradients of these weights; `None` for a process by itself.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn new(group: &Group, weights: &[Tensor]) -> Result<Option<Self>, Error> {
        let Some(group) = &group.0 else { return Ok(None) };
        let (list, mut reducer) = (pointers(weights), std::ptr::null_mut());
        // SAFETY: a live group, pointers to live tensors; `reducer` is set to a new one when the call succeeds.
        check(unsafe { shim::pt_reducer_new(group.group, list.as_ptr(), list.len(), &mut reducer) })?;
        Ok(Some(Self { reducer, weights: weights.len(), group: group.clone() }))
    }

    /// The gradients of the sum of all ranks' losses, in the order of the weights. Every weight has a part in the loss.
    ///
    /// # Errors
    /// As [`Group::all_reduce`].
    pub fn backward(&self, loss: &Tensor) -> Result<Vec<Tensor>, Error> {
        let mut gradients = vec![std::ptr::null_mut(); self.weights];
        // SAFETY: a live reducer, a live tensor, and room for a tensor of each weight, which are all set when the call
        // succeeds.
        unsafe {
            let passed = check(shim::pt_reducer_backward(self.reducer, loss.as_ptr(), gradients.as_mut_ptr()));
            self.group.result(passed)?;
            Ok(gradients.into_iter().map(|gradient| Tensor::from_ptr(gradient)).collect())
        }
    }
}

impl Drop for Reducer {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and nobody else has the pointer.
        unsafe { shim::pt_reducer_free(self.reducer) }
    }
}
