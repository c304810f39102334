//! Firmware images: unpacked in memory and within limits, and what stands in them.

mod accounts;
mod components;
mod elf;
#[cfg(feature = "fuzzing")]
mod fuzz;
pub(crate) mod inspect;
mod rights;
mod services;
mod survey;
mod unpack;

#[cfg(feature = "fuzzing")]
pub(crate) use fuzz::fuzz_image;

#[cfg(test)]
pub(crate) mod tests;
