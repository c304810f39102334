//! The label on the underside of sample n: what the factory printed. The same in every run.

use std::collections::BTreeMap;

use hmac::Mac;
use md5::{Digest, Md5};
use serde::Serialize;

use super::defect::{Defect, Defects};
use super::verifier::keyed_hash;

/// Without 0, 1, O, I, l, i and o, which people misread.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH: usize = 12;

/// The factory's key. A real one never leaves the factory; this one makes runs repeatable.
const FACTORY_KEY: &[u8; 32] = b"virtual camera C1 label key 2026";

const UNIVERSAL: &str = "Wq7TkM4nHz8p";

/// Entries of public lists of common passwords, one for each sample that can be started.
#[rustfmt::skip]
static COMMON: [&str; crate::MAX_SAMPLES as usize] = [
    "qwertyuiop", "letmein", "trustno1", "baseball", "sunshine", "iloveyou", "password", "football",
    "dragon", "monkey", "shadow", "master", "mustang", "michael", "superman", "1qaz2wsx",
    "qazwsx", "123qwe", "killer", "jordan", "jennifer", "zxcvbnm", "asdfgh", "hunter",
    "buster", "soccer", "harley", "batman", "andrew", "tigger", "charlie", "robert",
    "thomas", "hockey", "ranger", "daniel", "starwars", "george", "computer", "michelle",
    "jessica", "pepper", "zxcvbn", "freedom", "maggie", "ginger", "princess", "joshua",
    "cheese", "amanda", "summer", "ashley", "nicole", "chelsea", "matthew", "access",
    "yankees", "dallas", "austin", "thunder", "taylor", "matrix", "abc123", "qwerty",
];

/// Label data of one sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// `s1`.
    pub id: String,
    /// `C1-000123`, stepping up.
    pub serial: String,
    /// `02:00:5e:10:00:01`.
    pub mac: String,
    /// Name of the radio network while it is being set up.
    pub ssid: String,
    /// Model.
    pub model: String,
    /// Year and week of production.
    pub batch: String,
    /// The preset password: of first use, and of the `service` account on the console.
    pub password: String,
}

impl Label {
    /// The label of sample `number`, counted from 1.
    pub(crate) fn of_sample(number: u8, defects: &Defects) -> Self {
        let count = 122 + u32::from(number);
        let serial = format!("C1-{count:06}");
        let mac = format!("02:00:5e:10:00:{number:02x}");
        let password = preset_password(number, &serial, &mac, defects);
        Self {
            id: format!("s{number}"),
            ssid: format!("C1-{:04}", count % 10_000),
            model: "C1".to_owned(),
            batch: if number < 3 { "2026-40" } else { "2026-43" }.to_owned(),
            serial,
            mac,
            password,
        }
    }

    /// The pre-shared key of the radio network while it is being set up. Not printed; the camera shows it to nobody.
    pub(crate) fn radio_key(&self) -> String {
        keyed(&format!("radio {}", self.serial))
    }

    /// As a dossier names its fields; `password` is in clear.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<String, String> {
        [
            ("serial", &self.serial),
            ("mac", &self.mac),
            ("ssid", &self.ssid),
            ("model", &self.model),
            ("batch", &self.batch),
            ("password", &self.password),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect()
    }
}

fn preset_password(number: u8, serial: &str, mac: &str, defects: &Defects) -> String {
    if defects.has(Defect::UniversalPassword) {
        UNIVERSAL.to_owned()
    } else if defects.has(Defect::PasswordFromMac) {
        let mut hash = hex::encode(Md5::digest(mac));
        hash.truncate(10);
        hash
    } else if defects.has(Defect::PasswordIncremental) {
        format!("Xk7pVm{:06}", 480_915 + u32::from(number))
    } else if defects.has(Defect::PasswordCommon) {
        COMMON[usize::from(number - 1) % COMMON.len()].to_owned()
    } else {
        keyed(serial)
    }
}

/// Twelve characters (69 bits) from a keyed hash of the serial number.
fn keyed(serial: &str) -> String {
    // Bytes at and above this would favour the first letters of the alphabet.
    let fair = 256 - 256 % ALPHABET.len();
    (0_u8..=255)
        .flat_map(|block| {
            let mut mac = keyed_hash(FACTORY_KEY, serial.as_bytes());
            mac.update(&[block]);
            mac.finalize().into_bytes()
        })
        .map(usize::from)
        .filter(|byte| *byte < fair)
        .map(|byte| char::from(ALPHABET[byte % ALPHABET.len()]))
        .take(LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn passwords(defect: Option<Defect>) -> Vec<String> {
        let defects = defect.into_iter().collect();
        (1..=crate::MAX_SAMPLES).map(|n| Label::of_sample(n, &defects).password).collect()
    }

    fn distinct(values: &[String]) -> usize {
        values.iter().collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn the_label_of_the_first_sample_is_the_documented_one() {
        let label = Label::of_sample(1, &Defects::default());
        assert_eq!(
            (&*label.id, &*label.serial, &*label.mac, &*label.ssid, &*label.batch),
            ("s1", "C1-000123", "02:00:5e:10:00:01", "C1-0123", "2026-40")
        );
        assert_eq!(label, Label::of_sample(1, &Defects::default()), "the same in every run");
        assert_ne!(Label::of_sample(3, &Defects::default()).batch, label.batch);
    }

    #[test]
    fn good_passwords_are_long_distinct_and_share_no_beginning() {
        let passwords = passwords(None);
        assert_eq!(distinct(&passwords), passwords.len());
        assert!(passwords.iter().all(|p| p.len() == LENGTH && p.bytes().all(|b| ALPHABET.contains(&b))));
        let beginnings: Vec<String> = passwords.iter().map(|p| p[..3].to_owned()).collect();
        assert_eq!(distinct(&beginnings), beginnings.len());
    }

    #[test]
    fn each_defect_gives_the_weakness_that_it_names() {
        assert_eq!(distinct(&passwords(Some(Defect::UniversalPassword))), 1);

        let from_mac = Label::of_sample(2, &[Defect::PasswordFromMac].into_iter().collect());
        assert!(hex::encode(Md5::digest(&from_mac.mac)).starts_with(&from_mac.password));
        assert_eq!(from_mac.password.len(), 10);

        let counters: Vec<u32> =
            passwords(Some(Defect::PasswordIncremental)).iter().map(|p| p[6..].parse().unwrap()).collect();
        assert!(counters.windows(2).all(|pair| pair[1] == pair[0] + 1));

        let common = passwords(Some(Defect::PasswordCommon));
        assert_eq!(distinct(&common), common.len());
        assert!(common.iter().all(|p| COMMON.contains(&&**p)));
    }
}
