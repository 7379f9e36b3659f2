//! The crate `iso8583_rs` 0.1.10, where it is right.
//!
//! It takes one description from the environment, once in a process's life: so each dialect is compared in a process of its own,
//! which is this test binary again.
//!
//! Where it is wrong, or cannot say what a dialect says, as found by trying:
//!
//! - Bitmaps are bytes, whatever its description says: so the dialect in characters is compared with raw bitmaps.
//! - Field 65 is a third bitmap and never a field.
//! - An odd number of packed digits makes it panic, and a length before packed digits counts bytes where the standard counts
//!   digits: so in packed digits n is compared where its length is fixed and even, z not at all. It has no sign before packed digits.
//! - It panics where a length is no number or text is no UTF-8, which is taken for a refusal here.
//! - It checks no maximum when it reads, no class of characters, and nothing behind the last field; and no length when it builds.
//!   There this codec must refuse more.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::process::Command;

use iso8583_rs::iso8583::iso_spec::{self, Spec};
use serde_json::{Value, json};

use super::{Oracle, Reading, compare};
use crate::dialect;
use crate::random::{description, formats};

const MESSAGES: usize = 2000;
const CHILD: &str = "oracle::crate_iso8583_rs::in_a_process_of_its_own";
/// Which dialect the child compares.
const DIALECT: &str = "THIRD_PARTY_DIALECT";

/// The dialect as this crate can be told of it.
fn as_it_can_be(name: &str) -> String {
    description(name).replacen("bitmap = \"hex\"", "bitmap = \"raw\"", 1)
}

/// How it is told of a field: type, length or the length indicator's width, encodings. Nothing where it would be wrong.
fn row(name: &str, number: u8, format: &str) -> Option<String> {
    let (class, length) = format.split_once(' ').unwrap();
    let (varies, length) = length.strip_prefix("..").map_or((false, length), |max| (true, max));
    let (digits, text) = if name == "iso87-ebcdic" { ("EBCDIC", "EBCDIC") } else { ("ASCII", "ASCII") };
    let (packed, count) = (name == "iso87-bcd", length.parse::<usize>().unwrap());
    let (encoding, count) = match class {
        _ if number == 65 => return None,
        "n" if packed && !varies && count % 2 == 0 => ("BCD", count / 2),
        "n" | "z" | "x+n" if packed => return None,
        "x+n" => (digits, count + 1),
        "b" if name == "iso87-ascii" && !varies => (text, 2 * count),
        "b" => ("BINARY", count),
        _ => (text, count),
    };
    let told = match (varies, packed) {
        (false, _) => format!("type: Fixed, len: {count}"),
        (true, false) => format!("type: Variable, len: {}, len_encoding: {digits}", length.len()),
        (true, true) => format!("type: Variable, len: {}, len_encoding: BCD", length.len().div_ceil(2)),
    };
    Some(format!("{{name: f{number}, id: {number}, {told}, data_encoding: {encoding}, position: {number}}}"))
}

/// The whole description: every message type has the same fields.
fn told(name: &str) -> String {
    let dialect = dialect(name);
    let types = (0..1000).filter(|number| dialect.version().has_type(*number)).map(|number| format!("'{number:04}'"));
    let opening = match name {
        "iso87-bcd" => "type: Fixed, len: 2, data_encoding: BCD",
        "iso87-ebcdic" => "type: Fixed, len: 4, data_encoding: EBCDIC",
        _ => "type: Fixed, len: 4, data_encoding: ASCII",
    };
    let rows = formats(name).iter().filter_map(|(number, format)| row(name, *number, format)).collect::<Vec<_>>();
    format!(
        "name: third-party\nid: 1\nheader_fields: [{{name: type, id: 1, {opening}}}]\nmessages:\n  - name: any\n    id: 1\n    \
         selector: [{}]\n    fields:\n      - {{name: message_type, id: 1, {opening}}}\n      - name: bitmap\n        id: 2\n        \
         type: Bitmapped\n        len: 0\n        data_encoding: BINARY\n        children: [{}]\n",
        types.collect::<Vec<_>>().join(", "),
        rows.join(", ")
    )
}

struct Crate {
    spec: &'static Spec,
    formats: BTreeMap<u8, String>,
    /// Where the bitmap begins.
    opening: usize,
}

impl Crate {
    fn read_or_panic(&self, body: &[u8]) -> Reading {
        let message = match self.spec.parse(&mut body.to_vec()) {
            Ok(message) => message,
            Err(error) if error.msg.ends_with("not defined") => return Reading::Beyond,
            Err(error) => return Reading::Refused(error.msg),
        };
        let there = self.formats.iter().filter(|(number, _)| message.bmp.is_on(u32::from(**number)));
        let fields = there.map(|(number, format)| {
            let value = message.bmp_child_value(u32::from(*number)).unwrap();
            (number.to_string(), if format.starts_with('b') { value.to_uppercase() } else { value }.into())
        });
        let fields = fields.collect::<serde_json::Map<_, _>>();
        Reading::Message(json!({"mti": message.get_field_value(&"message_type".to_owned()).unwrap(), "fields": fields}))
    }
}

impl Oracle for Crate {
    fn read(&mut self, body: &[u8]) -> Reading {
        let bit = |place: usize| body.get(self.opening + place).is_some_and(|byte| byte & 0x80 != 0);
        if bit(0) && bit(8) {
            return Reading::Beyond;
        }
        let hook = take_hook();
        set_hook(Box::new(|_| {}));
        let reading = catch_unwind(AssertUnwindSafe(|| self.read_or_panic(body)));
        set_hook(hook);
        reading.unwrap_or_else(|_| Reading::Refused("a panic".to_owned()))
    }

    fn write(&mut self, message: &Value) -> Vec<u8> {
        let mti = message["mti"].as_str().unwrap();
        let mut theirs = iso_spec::new_msg(self.spec, self.spec.get_message_from_header(mti).unwrap());
        theirs.set("message_type", mti).unwrap();
        for (number, value) in message["fields"].as_object().unwrap() {
            theirs.set_on(number.parse().unwrap(), value.as_str().unwrap()).unwrap();
        }
        theirs.assemble().unwrap()
    }
}

fn compared(name: &str) {
    let file = format!("{}/third-party-{name}.yaml", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, told(name)).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .envs([("SPEC_FILE", file.as_str()), (DIALECT, name)])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
    println!("{told}");
}

#[test]
#[ignore = "not by itself: the tests below run it in a process of its own"]
fn in_a_process_of_its_own() {
    let name = std::env::var(DIALECT).expect("the tests below say which");
    let opening = if name == "iso87-bcd" { 2 } else { 4 };
    let mut oracle = Crate { spec: iso_spec::spec(""), formats: formats(&name), opening };
    compare(&as_it_can_be(&name), &mut oracle, |number, format| row(&name, number, format).is_some(), MESSAGES);
}

#[test]
fn messages_in_characters() {
    compared("iso87-ascii");
}

#[test]
fn messages_in_packed_digits() {
    compared("iso87-bcd");
}

#[test]
fn messages_in_ebcdic() {
    compared("iso87-ebcdic");
}
