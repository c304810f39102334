//! Programs and libraries: what makes a fault in them harder to use.

use goblin::elf::dynamic::{DF_1_NOW, DF_1_PIE, DF_BIND_NOW, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1, DT_RPATH, DT_RUNPATH};
use goblin::elf::header::{ET_DYN, ET_EXEC, machine_to_str};
use goblin::elf::program_header::{PF_X, PT_GNU_RELRO, PT_GNU_STACK};
use goblin::elf::{Elf, Sym};
use schemars::JsonSchema;
use serde::Serialize;

/// How far the table of imported addresses is protected from writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Relro {
    None,
    /// Parts that are filled in at the start only.
    Partial,
    /// All of it.
    Full,
}

/// What a program or library was built with. A field is absent where the file does not show it: a stripped static program
/// has no names left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Hardening {
    /// Where it stands.
    pub place: String,
    /// Processor, as `readelf` names it.
    pub machine: String,
    /// Whether it is a library, and no program.
    pub library: bool,
    /// Whether it needs no libraries.
    pub linked_statically: bool,
    /// Whether its stack cannot be executed.
    pub nx: bool,
    /// Whether it can be loaded anywhere.
    pub pie: bool,
    /// Protection of its imports.
    pub relro: Relro,
    /// Whether functions watch over their stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_protector: Option<bool>,
    /// Whether calls such as `strcpy` are the checked ones, where there are any such calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fortify: Option<bool>,
    /// Where else than in the system's folders it looks for libraries.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub search_path: String,
}

/// Calls that the C library has a checked twin of.
const FORTIFIABLE: [&str; 22] = [
    "memcpy",
    "memmove",
    "memset",
    "strcpy",
    "strncpy",
    "strcat",
    "strncat",
    "sprintf",
    "snprintf",
    "vsprintf",
    "vsnprintf",
    "printf",
    "fprintf",
    "vprintf",
    "vfprintf",
    "gets",
    "fgets",
    "read",
    "recv",
    "recvfrom",
    "realpath",
    "syslog",
];

/// Symbols of one table that are looked at.
const SYMBOLS: usize = 200_000;
/// Bytes of a name in which its version is looked for.
const NAME: usize = 256;

/// Of a program or library; `None` for anything else.
pub(crate) fn of(place: &str, bytes: &[u8]) -> Option<Result<Hardening, String>> {
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    // goblin is fuzzed; should a file break it all the same, the file is what is told.
    let read = std::panic::catch_unwind(|| look(place, bytes));
    read.unwrap_or_else(|_| Some(Err("its reader broke off".into())))
}

fn look(place: &str, bytes: &[u8]) -> Option<Result<Hardening, String>> {
    let elf = match Elf::parse(bytes) {
        Ok(elf) => elf,
        Err(e) => return Some(Err(e.to_string())),
    };
    if !matches!(elf.header.e_type, ET_EXEC | ET_DYN) {
        return None; // kernel modules and object files are linked into something else
    }
    let entries = elf.dynamic.as_ref().map_or(&[][..], |d| &d.dyns);
    let has = |tag: u64, flag: u64| entries.iter().any(|d| d.d_tag == tag && d.d_val & flag != 0);
    let now = has(DT_FLAGS, DF_BIND_NOW) || has(DT_FLAGS_1, DF_1_NOW) || entries.iter().any(|d| d.d_tag == DT_BIND_NOW);
    let program = elf.interpreter.is_some() || elf.header.e_type == ET_EXEC || has(DT_FLAGS_1, DF_1_PIE);
    let relro = elf.program_headers.iter().any(|p| p.p_type == PT_GNU_RELRO);
    let stack = elf.program_headers.iter().find(|p| p.p_type == PT_GNU_STACK);
    let paths = entries.iter().filter(|d| matches!(d.d_tag, DT_RPATH | DT_RUNPATH));
    let paths: Vec<&str> = paths.filter_map(|d| elf.dynstrtab.get_at(usize::try_from(d.d_val).ok()?)).collect();

    let dynamic = elf.dynsyms.iter().take(SYMBOLS).filter_map(|s| name(elf.dynstrtab.get_at(s.st_name), &s));
    let own = elf.syms.iter().take(SYMBOLS).filter_map(|s| name(elf.strtab.get_at(s.st_name), &s));
    let names: Vec<&str> = dynamic.chain(own).collect();
    let checked = |n: &&str| n.starts_with("__") && n.ends_with("_chk") && **n != *"__stack_chk";
    let plain = |n: &&str| FORTIFIABLE.contains(n);
    let fortify = match (names.iter().any(checked), names.iter().any(plain)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let watched = names.iter().any(|n| n.starts_with("__stack_chk_fail") || *n == "__stack_chk_guard");
    Some(Ok(Hardening {
        place: place.to_owned(),
        machine: machine_to_str(elf.header.e_machine).to_owned(),
        library: !program,
        linked_statically: program && elf.interpreter.is_none() && elf.libraries.is_empty(),
        nx: stack.is_some_and(|p| p.p_flags & PF_X == 0),
        pie: elf.header.e_type == ET_DYN,
        relro: match (relro, now) {
            (false, _) => Relro::None,
            (true, false) => Relro::Partial,
            (true, true) => Relro::Full,
        },
        stack_protector: (!names.is_empty()).then_some(watched),
        fortify,
        search_path: assay_model::visible_line(&paths.join(":")),
    }))
}

fn name<'a>(text: Option<&'a str>, _: &Sym) -> Option<&'a str> {
    // `memcpy@GLIBC_2.14` in tables that keep versions in names. Millions of symbols may share one name of many megabytes.
    let plain = |t: &'a str| t.bytes().take(NAME).position(|b| b == b'@').map_or(t, |at| &t[..at]);
    text.map(plain).filter(|t| !t.is_empty())
}
