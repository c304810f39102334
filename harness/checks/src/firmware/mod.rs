//! Firmware images: unpacked in memory and within limits, and what stands in them.

mod accounts;
mod components;
mod elf;
pub(crate) mod inspect;
mod rights;
mod services;
mod survey;
mod unpack;

#[cfg(test)]
pub(crate) mod tests;
