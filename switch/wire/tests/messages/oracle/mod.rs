//! The codec beside codecs by other people, who read the standards by their own lights: the same messages are the same bytes, in
//! both directions, and broken bytes that they refuse are refused here too.
//!
//! Messages follow from a seed, which is printed; `PAYSWITCH_ORACLE_SEED` runs one again.

mod broken;
mod crate_iso8583_rs;
mod pyiso8583;

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::{Value, json};
use wire::{Dialect, Value as Given};

use super::hex;
use super::random::{Dice, formats_in, value};

/// A codec by somebody else. Messages are JSON as [`wire::json`] has it, nothing masked.
trait Oracle {
    /// What it makes of bytes.
    fn read(&mut self, body: &[u8]) -> Reading;
    /// The bytes of a message.
    fn write(&mut self, message: &Value) -> Vec<u8>;
}

/// What another codec makes of bytes.
#[derive(Debug, PartialEq)]
enum Reading {
    Message(Value),
    Refused(String),
    /// They name a field that this codec cannot be told of.
    Beyond,
}

/// How often broken bytes came to which end.
#[derive(Debug, Default)]
struct Tally {
    refused_by_both: usize,
    refused_by_us_alone: usize,
    read_alike: usize,
    beyond: usize,
}

/// Messages broken anywhere, for each that is sound.
const BROKEN_EACH: usize = 2;

/// The seed: given from outside to try one again, else drawn.
fn seed() -> u64 {
    let drawn = || u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
    std::env::var("PAYSWITCH_ORACLE_SEED").map_or_else(|_| drawn(), |text| text.parse().unwrap())
}

/// Compares `count` random messages of the dialect that is described so, with those of its fields that are `told` to the other codec;
/// and broken ones. The first messages have few fields, so that what fails can be read.
fn compare(description: &str, oracle: &mut dyn Oracle, told: impl Fn(u8, &str) -> bool, count: usize) {
    let seed = seed();
    let script = Script::of(description, &told);
    println!("{}: PAYSWITCH_ORACLE_SEED={seed}", script.dialect.name());
    let (mut dice, mut tally, mut bytes, mut unseen) = (Dice(seed), Tally::default(), 0, script.formats.clone());
    for turn in 0..count {
        let message = script.message([60, 60, 10, 10, 10, 2, 2, 1][8 * turn / count], &mut dice);
        unseen.retain(|number, _| !message.fields.contains_key(number));
        let (body, json) = (script.written(&message, &mut dice), message.json());
        let theirs = oracle.write(&json);
        assert!(theirs == body, "{json}\n written there: {}\n and here:      {}", hex(&theirs), hex(&body));
        assert_eq!(oracle.read(&body), Reading::Message(json.clone()), "{}, read there", hex(&body));
        assert_eq!(read(&script.dialect, &body), Some(json), "{}, read here", hex(&body));
        bytes += body.len();
        let mut wrong: Vec<_> = (0..BROKEN_EACH).map(|_| broken::anywhere(&body, &mut dice)).collect();
        if let Some(field) = broken::Field::of_varying_length(&script, &body, &mut dice) {
            wrong.extend(field.miscounted().into_iter().chain(field.too_long()));
        }
        wrong.iter().for_each(|body| tally.add(&script.dialect, oracle, body));
    }
    println!("{}: {count} messages, {bytes} bytes, both ways alike; broken: {tally:?}", script.dialect.name());
    assert!(unseen.is_empty(), "no message had these fields: {unseen:?}");
    assert!(tally.refused_by_both > count / 2 && tally.read_alike > count / 20, "{tally:?}");
}

impl Tally {
    /// Compares what both say to bytes that are perhaps no message. This codec may refuse more, never less.
    fn add(&mut self, dialect: &Dialect, oracle: &mut dyn Oracle, body: &[u8]) {
        let end = match (oracle.read(body), read(dialect, body)) {
            (Reading::Message(theirs), Some(ours)) => {
                assert_eq!(theirs, ours, "{}, read there and here", hex(body));
                &mut self.read_alike
            }
            (Reading::Refused(why), Some(ours)) => panic!("{} is refused there ({why}), and read here: {ours}", hex(body)),
            (Reading::Message(_), None) => &mut self.refused_by_us_alone,
            (Reading::Refused(_), None) => &mut self.refused_by_both,
            (Reading::Beyond, _) => &mut self.beyond,
        };
        *end += 1;
    }
}

/// What this codec makes of bytes; nothing where it refuses them.
fn read(dialect: &Dialect, body: &[u8]) -> Option<Value> {
    let told = wire::json::decode(dialect, body, true);
    told.get("error").is_none().then_some(told)
}

/// What messages of a dialect are made from.
struct Script {
    dialect: Dialect,
    formats: BTreeMap<u8, String>,
}

/// A message, its values as JSON carries them.
struct Sound {
    mti: u16,
    fields: BTreeMap<u8, String>,
}

impl Sound {
    fn json(&self) -> Value {
        json!({"mti": format!("{:04}", self.mti), "fields": self.fields})
    }
}

impl Script {
    fn of(description: &str, told: impl Fn(u8, &str) -> bool) -> Self {
        let mut formats = formats_in(description);
        formats.retain(|number, format| told(*number, format));
        Self { dialect: Dialect::from_toml(description).unwrap(), formats }
    }

    /// One of any type with about one in `one_in` of the fields.
    fn message(&self, one_in: u64, dice: &mut Dice) -> Sound {
        let types: Vec<u16> = (0..2000).filter(|number| self.dialect.version().has_type(*number)).collect();
        let mti = types[dice.number::<usize>(types.len() as u64)];
        let present: Vec<_> = self.formats.iter().filter(|_| dice.below(one_in) == 0).collect();
        Sound { mti, fields: present.into_iter().map(|(number, format)| (*number, value(format, dice))).collect() }
    }

    /// The bytes that this codec writes. Digits go in as characters or as a number, which take different ways there.
    fn written(&self, message: &Sound, dice: &mut Dice) -> BytesMut {
        let raw = |number: &u8, value: &str| match self.formats[number].starts_with("b ") {
            true => wire::unhex(value.as_bytes()).unwrap(),
            false => value.into(),
        };
        let values: Vec<_> = message.fields.iter().map(|(number, value)| (*number, raw(number, value))).collect();
        let given = values.iter().map(|(number, value)| {
            let format = &self.formats[number];
            let digits = format.starts_with("n ") && value.len() <= 20 && dice.below(2) == 0;
            let digits = str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            let given = match digits {
                Some(digits) if format.contains("..") => Given::Digits(digits, value.len() as u8),
                Some(digits) => Given::Number(digits),
                None => Given::Characters(value),
            };
            (*number, given)
        });
        let (given, mut out) = (given.collect::<Vec<_>>(), BytesMut::new());
        self.dialect.build(message.mti, &given, &mut out).unwrap();
        out
    }
}
