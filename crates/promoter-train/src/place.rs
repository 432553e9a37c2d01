//! Where a run takes place.

use promoter_torch::distributed::Group;
use tch::Device;

/// Where a run takes place: the device of this process, and the processes that train together.
///
/// ```
/// use promoter_train::Place;
/// use tch::Device;
/// let place = Place::from(Device::Cpu);
/// assert!(place.group.is_alone());
/// ```
#[derive(Debug, Clone)]
pub struct Place {
    /// Device that this process computes on.
    pub device: Device,
    /// The ranks, and this process among them.
    pub group: Group,
}

impl From<Device> for Place {
    /// A process by itself.
    fn from(device: Device) -> Self {
        Self { device, group: Group::alone() }
    }
}
