//! Power switches: a small trait, and one file per kind of switch.

mod ber;
mod by_hand;
mod command;
mod gpio;
mod kinds;
mod pdudaemon;
mod relay_http;
mod settings;
mod shelly;
mod snmp;
mod switch;
mod tasmota;
mod usb_hub;
mod usb_relay;

#[cfg(test)]
mod peer_tests;
#[cfg(test)]
mod relay_tests;
#[cfg(test)]
mod tests;

pub use by_hand::ByHand;
pub use command::CommandSwitch;
pub use gpio::GpioSwitch;
pub use kinds::{POWER_KINDS, PowerKindInfo};
pub use pdudaemon::PduDaemonSwitch;
pub use relay_http::{RelayUrl, RelayUrlError};
pub use settings::{POWER_HELP, PowerKind, PowerSettings, PowerSettingsError};
pub use shelly::ShellySwitch;
pub use snmp::{SnmpSwitch, SnmpVersion};
pub use switch::{PowerSwitch, Switch};
pub use tasmota::TasmotaSwitch;
pub use usb_hub::UsbHubSwitch;
pub use usb_relay::UsbRelaySwitch;
