//! Power switches: a small trait, and one file per kind of switch.

mod ber;
mod by_hand;
mod command;
mod pdudaemon;
mod relay_http;
mod settings;
mod shelly;
mod snmp;
mod switch;
mod tasmota;
mod usb_hub;

#[cfg(test)]
mod relay_tests;
#[cfg(test)]
mod tests;

pub use by_hand::ByHand;
pub use command::CommandSwitch;
pub use pdudaemon::PduDaemonSwitch;
pub use relay_http::{RelayUrl, RelayUrlError};
pub use settings::{POWER_HELP, PowerKind, PowerSettings, PowerSettingsError};
pub use shelly::ShellySwitch;
pub use snmp::{SnmpSwitch, SnmpVersion};
pub use switch::{PowerSwitch, Switch};
pub use tasmota::TasmotaSwitch;
pub use usb_hub::UsbHubSwitch;
