//! `assay stamp PACK --request | --import FILE`: RFC 3161 time stamps, also for benches without a network.

use std::io::Read as _;

use assay_reports::pack::{self, Stamped};

use super::verify::rfc3339;
use crate::args::Stamp;
use crate::{exit, say};

/// Longer responses are none.
const LONGEST: u64 = 1024 * 1024;

/// Exit 0 where it was done, 5 where the response is not good, 2 for all else.
pub(super) fn run(args: &Stamp) -> u8 {
    let over = Stamped::of(&args.pack);
    match &args.import {
        None => request(args, over),
        Some(file) => import(args, over, file),
    }
}

fn request(args: &Stamp, over: Stamped) -> u8 {
    let request = match pack::stamp_request(&args.pack, over) {
        Ok(request) => request,
        Err(error) => {
            say::error("stamp", error.to_string(), None);
            return exit::INVALID;
        }
    };
    let path = args.pack.join(over.request());
    if let Some(out) = &args.out
        && let Err(e) = std::fs::write(out, request)
    {
        say::error("write", format!("{} could not be written: {e}", out.display()), None);
        return exit::INVALID;
    }
    let path = args.out.as_ref().unwrap_or(&path).display().to_string();
    say::note("post it to a time stamp authority, then import what comes back:");
    say::note(format!(
        "  curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @{path} URL > reply.tsr"
    ));
    say::result(path);
    exit::OK
}

fn import(args: &Stamp, over: Stamped, file: &std::path::Path) -> u8 {
    let mut response = Vec::new();
    let read = std::fs::File::open(file).and_then(|f| f.take(LONGEST).read_to_end(&mut response));
    if let Err(e) = read {
        say::error("read", format!("{} could not be read: {e}", file.display()), None);
        return exit::INVALID;
    }
    match pack::stamp_import(&args.pack, over, &response, args.tsa_ca.as_deref()) {
        Ok(stamp) => {
            if !stamp.trusted {
                say::note("whose authority that is was not checked; name its root certificates with --tsa-ca FILE");
            }
            say::note(format!("stamped {} by {}", rfc3339(stamp.time), assay_reports::visible(&stamp.authority)));
            say::result(args.pack.join(over.token()).display().to_string());
            exit::OK
        }
        Err(error @ pack::StampError::Refused { .. }) => {
            say::error("stamp", error.to_string(), Some("request it again with `assay stamp PACK --request`"));
            exit::INTEGRITY
        }
        Err(error) => {
            say::error("stamp", error.to_string(), None);
            exit::INVALID
        }
    }
}
