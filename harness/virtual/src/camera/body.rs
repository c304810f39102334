//! One camera as its own software sees it: what never changes, and the state.

use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use super::debug_port;
use super::defect::{Defect, Defects};
use super::identity::{Identity, IdentityError};
use super::label::Label;
use super::state::State;
use crate::cloud::Uplink;
use crate::debug::DebugTarget;
use crate::tap::Tap;

/// Firmware version, as everything that tells one tells it.
pub(crate) const FIRMWARE: &str = "1.4.2";

/// One camera.
pub(crate) struct Camera {
    pub(crate) host: Ipv4Addr,
    pub(crate) label: Label,
    pub(crate) defects: Defects,
    pub(crate) identity: Identity,
    /// Asked for by a shell; the power supervisor does it.
    pub(crate) reboot: Notify,
    /// The chip behind the debug port.
    pub(crate) controller: DebugTarget,
    /// Somebody erased the controller: the power supervisor ends the camera for good.
    pub(crate) erased: Notify,
    /// The way to the maker's report service, once it is known.
    pub(crate) uplink: OnceLock<Uplink>,
    /// Hears what passes on its link.
    pub(crate) tap: Tap,
    state: Mutex<State>,
}

impl Camera {
    /// Sample `number` (from 1) at `host`, as it leaves the factory.
    pub(crate) fn new(number: u8, host: Ipv4Addr, defects: Defects) -> Result<Self, IdentityError> {
        let label = Label::of_sample(number, &defects);
        let identity = Identity::make(host, &defects)?;
        let state = Mutex::new(State::new(&label, &defects, identity.storage_key));
        let controller = debug_port::controller(&label, &defects, &identity);
        let (reboot, erased) = (Notify::new(), Notify::new());
        let (uplink, tap) = (OnceLock::new(), Tap::default());
        Ok(Self { host, label, identity, reboot, controller, erased, uplink, tap, state, defects })
    }

    /// The state. Never held over an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under which the maker's service holds the reports of this unit: nobody can tell it who does not know the unit's own key.
    pub(crate) fn report_id(&self) -> String {
        hex::encode(&Sha256::digest([&self.identity.storage_key[..], b"report id"].concat())[..16])
    }

    pub(crate) fn is(&self, defect: Defect) -> bool {
        self.defects.has(defect)
    }
}
