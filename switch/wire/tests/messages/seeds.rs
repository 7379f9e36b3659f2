//! What fuzzing starts from: true messages of every dialect, and every field in each; dialects of other forms; streams.
//! Bytes that nothing reads any more would start it nowhere, so what changes must refresh them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wire::{Dialect, Version};

use super::random::{Dice, formats, value};
use super::{bytes, dialect, hex};

/// The card number that the fuzz target `describe` looks out for.
const CARD: &str = "9116018273645014";
/// Fields of one seed that only has to have them all: few, so that one that mutation breaks does not hide many.
const GROUP: u8 = 16;

/// True messages of an edition.
fn told(version: Version) -> Vec<(&'static str, Value)> {
    let chip = "9F2608FEDCBA98765432109F2701809F3602001195058000048000570B9116018273645014D321225A0891160182736450149F3403420302";
    match version {
        Version::Iso1987 => vec![
            (
                "withdrawal",
                json!({"mti": "0200", "fields": {"2": CARD, "3": "010000", "4": "000005000000", "7": "1228103005", "11": "000042",
                    "12": "173005", "13": "1228", "14": "3212", "15": "1228", "18": "6011", "22": "051", "25": "00", "32": "116001",
                    "33": "116000", "35": "9116018273645014=3212201", "37": "233612000042", "41": "ATM00001", "42": "BRANCH-00000001",
                    "43": "RIVERSIDE BRANCH       PHNOM PENH     KH", "48": "private", "49": "116", "52": "0412AC89ABCDEF67",
                    "55": chip, "60": "sixty", "63": "sixty-three"}}),
            ),
            (
                "answer",
                json!({"mti": "0210", "fields": {"2": CARD, "3": "311000", "4": "000000000000", "7": "1228103005", "11": "000042",
                    "32": "116001", "37": "233612000042", "38": "A1B2C3", "39": "51", "41": "ATM00001", "44": "why", "49": "116",
                    "54": "1001116C000005000000", "61": "x", "62": "y", "102": "000100200300"}}),
            ),
            (
                "reversal",
                json!({"mti": "0420", "fields": {"2": CARD, "3": "000000", "4": "000005000000", "7": "1228103105", "11": "000043",
                    "12": "173105", "13": "1228", "32": "116001", "37": "233612000042", "39": "68", "41": "ATM00001", "49": "116",
                    "90": "020000004212281030050000011600100000116000", "95": "000002000000000000000000C00000000C00000000"}}),
            ),
            (
                "salary",
                json!({"mti": "0200", "fields": {"3": "260000", "4": "000005000000", "7": "1228103005", "11": "000044",
                    "12": "173005", "13": "1228", "32": "116001", "41": "PAYROLL1", "49": "116", "100": "116002",
                    "102": "000100200300", "103": "000100200301"}}),
            ),
            (
                "file-update",
                json!({"mti": "0302", "fields": {"2": CARD, "7": "1228103005", "11": "000045", "91": "1", "101": "HOTCARDS"}}),
            ),
            ("echo", json!({"mti": "0800", "fields": {"7": "1228103005", "11": "000046", "70": "301"}})),
        ],
        Version::Iso1993 => vec![
            (
                "withdrawal",
                json!({"mti": "1200", "fields": {"2": CARD, "3": "010000", "4": "000005000000", "7": "1228103005", "11": "000042",
                    "12": "221228173005", "14": "3212", "15": "221228", "22": "010101513001", "24": "200", "26": "6011",
                    "32": "116001", "33": "116000", "35": "9116018273645014=3212201", "37": "233612000042", "41": "ATM00001",
                    "42": "BRANCH-00000001", "43": "RIVERSIDE BRANCH, PHNOM PENH, KH", "48": "private", "49": "116",
                    "52": "0412AC89ABCDEF67", "55": chip, "60": "sixty", "63": "sixty-three"}}),
            ),
            (
                "answer",
                json!({"mti": "1210", "fields": {"2": CARD, "3": "311000", "4": "000000000000", "7": "1228103005", "11": "000042",
                    "12": "221228173005", "32": "116001", "37": "233612000042", "38": "A1B2C3", "39": "116", "41": "ATM00001",
                    "44": "a reason of more than twenty-five characters", "49": "116", "54": "1001116C000005000000"}}),
            ),
            (
                "reversal",
                json!({"mti": "1420", "fields": {"2": CARD, "3": "000000", "4": "000000040000", "7": "1228103105", "11": "000043",
                    "12": "221228173105", "24": "401", "25": "4004", "30": "000000100000000000000000", "32": "116001",
                    "41": "ATM00001", "49": "116", "56": "120000004122122817300506116001", "123": "122810300500000116000"}}),
            ),
            (
                "advice",
                json!({"mti": "1220", "fields": {"2": CARD, "3": "000000", "4": "000000040000", "7": "1228103105",
                    "11": "000043", "12": "221228173105", "22": "010101213001", "24": "202", "25": "1511",
                    "30": "000000100000000000000000", "32": "116001", "41": "ATM00001", "49": "116"}}),
            ),
            (
                "file-update",
                json!({"mti": "1304", "fields": {"2": CARD, "7": "1228103005", "11": "000045", "24": "301", "101": "HOTCARDS"}}),
            ),
            ("echo", json!({"mti": "1804", "fields": {"7": "1228103005", "11": "000046", "12": "221228173005", "24": "831"}})),
        ],
    }
}

/// Every seed by the name of its file: a byte that picks its dialect and one of the other edition to go on to, and the message.
fn seeds() -> BTreeMap<String, Vec<u8>> {
    let names = Dialect::builtin_names();
    let mut seeds = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        let dialect = dialect(name);
        let others: Vec<usize> = (0..names.len()).filter(|at| self::dialect(names[*at]).version() != dialect.version()).collect();
        let mti = if dialect.version() == Version::Iso1987 { "0200" } else { "1200" };
        let groups = (2..=128).step_by(usize::from(GROUP)).map(|first: u8| (format!("{first:03}"), group(name, mti, first)));
        let told = told(dialect.version()).into_iter().map(|(title, line)| (title.to_owned(), line)).chain(groups);
        for (count, (title, line)) in told.enumerate() {
            let message = bytes(&wire::json::encode_line(&dialect, &line.to_string()).unwrap());
            let choice = place + others[count % others.len()] * names.len();
            seeds.insert(format!("{name}-{title}"), [&[u8::try_from(choice).unwrap()], &message[..]].concat());
        }
    }
    seeds
}

/// A message of the fields from `first` on, each with some value that its format allows.
fn group(name: &str, mti: &str, first: u8) -> Value {
    let fields = formats(name).into_iter().filter(|(number, _)| (first..first.saturating_add(GROUP)).contains(number));
    let short = |format: String| match format.split_once("..").map(|(class, max)| (class.to_owned(), max.parse().unwrap())) {
        Some((class, 13_u16..)) => format!("{class}..12"),
        _ => format,
    };
    let fields = fields.map(|(number, format)| (number.to_string(), value(&short(format), &mut Dice(number.into())).into()));
    json!({"mti": mti, "fields": fields.collect::<serde_json::Map<_, _>>()})
}

/// Compares a folder of seeds with what it should hold, or writes it where `SEEDS=write` asks for that.
fn kept(folder: &str, seeds: &BTreeMap<String, Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(folder);
    if std::env::var_os("SEEDS").is_some_and(|wish| wish == "write") {
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir_all(&folder).unwrap();
        seeds.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    }
    let there: BTreeSet<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, seeds.keys().cloned().collect(), "SEEDS=write cargo test -p payswitch-wire seeds refreshes them");
    for (name, seed) in seeds {
        assert_eq!(
            &fs::read(folder.join(name)).unwrap(),
            seed,
            "{name} is stale: SEEDS=write cargo test -p payswitch-wire seeds"
        );
    }
}

#[test]
fn the_seeds_of_fuzzing_are_what_is_read_today() {
    kept("message", &seeds());
    kept("dialect_file", &files());
    kept("frames", &streams());
    kept("doctor", &complaints());
}

#[test]
fn the_seeds_of_fuzzing_reach_every_field_and_true_ones_are_read_and_passed_on() {
    let names = Dialect::builtin_names();
    let mut fields: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
    for (name, seed) in seeds() {
        let (choice, body) = seed.split_first().unwrap();
        let (own, other) = (names[usize::from(*choice) % names.len()], names[usize::from(*choice) / names.len()]);
        assert!(name.starts_with(own), "{name} picks {own}");
        fields.entry(own).or_default().extend(dialect(own).parse(body).unwrap().fields().iter().filter(|number| *number > 1));
        if !name.ends_with(|last: char| last.is_ascii_digit()) {
            let message = wire::read(&dialect(own), body).unwrap_or_else(|refused| panic!("{name}: {refused}"));
            super::written(&dialect(other), &message);
        }
        assert!(seed.len() <= 512, "{name} is longer than what is fuzzed");
    }
    assert!(names.iter().all(|name| fields[name] == (2..=128).collect()), "{fields:?}");
}

/// Dialects that use what the built-in ones do not, and a message in each: what the fuzz target `dialect_file` starts from.
fn files() -> BTreeMap<String, Vec<u8>> {
    let fields = "[fields]\n2 = { name = \"a\", format = \"n ..19\", sensitive = \"masked\" }\n3 = { name = \"b\", format = \"n 6\" }\n\
        5 = { name = \"c\", format = \"n 5\" }\n28 = { name = \"d\", format = \"x+n 8\" }\n34 = { name = \"e\", format = \"ns ..28\" }\n\
        35 = { name = \"f\", format = \"z ..37\", sensitive = \"withheld\" }\n36 = { name = \"g\", format = \"z 7\" }\n\
        46 = { name = \"h\", format = \"ans ..9\", length-digits = 1 }\n50 = { name = \"i\", format = \"a 4\" }\n\
        52 = { name = \"j\", format = \"b 8\" }\n65 = { name = \"k\", format = \"b ..99\", encoding = \"hex\", length = \"binary\" }\n\
        90 = { name = \"l\", format = \"n 42\", encoding = \"ascii\" }\n128 = { name = \"m\", format = \"as 3\", encoding = \"ebcdic\" }\n\
        [subfields.90]\nparts = [[\"n\", \"n 4\"], [\"o\", \"n 6\", \"masked\"], [\"p\", \"n ..32\"]]\n\
        [subfields.46]\nrepeats = true\nparts = [[\"q\", \"an 2\"], [\"r\", \"ans 1\"]]\n";
    let words = [
        ("characters", "ascii", "hex", "announced", "ascii", "units", "left", "0"),
        ("packed", "bcd", "raw", "always", "bcd", "units", "right", "0"),
        ("filled", "bcd", "raw", "always-unannounced", "binary", "bytes", "right", "f"),
        ("before", "bcd", "hex", "announced", "bcd", "bytes", "left", "f"),
        ("ebcdic", "ebcdic", "raw", "announced", "ebcdic", "units", "left", "0"),
    ];
    let line = json!({"mti": "0420", "fields": {"2": "911601827364501", "3": "010000", "5": "12345", "28": "C00000150", "34": "12-34",
        "35": "9116018273645014=32122", "36": "123=456", "46": "ab?cd!", "50": "wxyz", "52": "0412AC89ABCDEF67", "65": "00FF10",
        "90": "020000004212281030050000011600100000116000", "128": "a-b"}});
    let file = |(name, digits, raw, secondary, length, counts, odd, fill): (&str, &str, &str, &str, &str, &str, &str, &str)| {
        let text = if digits == "ebcdic" { "ebcdic" } else { "ascii" };
        let file = format!(
            "name = \"{name}\"\nversion = \"1987\"\n[encoding]\nmti = \"{digits}\"\nbitmap = \"{raw}\"\nsecondary = \"{secondary}\"\n\
             numeric = \"{digits}\"\ntrack = \"{digits}\"\ntext = \"{text}\"\nbinary = \"{raw}\"\nlength = \"{length}\"\n\
             counts = \"{counts}\"\nodd = \"{odd}\"\nfill = \"{fill}\"\n{fields}"
        );
        let dialect = Dialect::from_toml(&file).unwrap();
        let message = bytes(&wire::json::encode_line(&dialect, &line.to_string()).unwrap());
        assert_eq!(serde_json::from_str::<Value>(&wire::json::decode_line(&dialect, &hex(&message), true)).unwrap(), line);
        (name.to_owned(), [file.as_bytes(), &[0], &message[..]].concat())
    };
    words.into_iter().map(file).collect()
}

/// Body framed by the words of a framing.
fn framed(words: &str, bodies: &[&[u8]]) -> Vec<u8> {
    let framing: wire::Framing = words.parse().unwrap();
    let mut out = bytes::BytesMut::new();
    for body in bodies {
        let start = framing.begin(&mut out);
        out.extend_from_slice(body);
        framing.finish(&mut out, start).unwrap();
    }
    out.to_vec()
}

/// A stream in every framing that the fuzz target `frames` picks by an input's first byte; the second only parts it.
fn streams() -> BTreeMap<String, Vec<u8>> {
    let lengths = ["2-byte", "4-byte", "4-digit", "2-byte bcd"].map(|length| [length.to_owned(), format!("{length} inclusive")]);
    let words = ["", " tpdu", " header echo 3", " tpdu header echo 12"]
        .into_iter()
        .flat_map(|extra| lengths.as_flattened().iter().map(move |length| format!("{length}{extra}")));
    let stream = |(choice, words): (usize, String)| {
        let stream = framed(&words, &[b"0800", b"", b"0810 and more", &[b'x'; 100], b"", b""]);
        (words.replace(' ', "-"), [&[u8::try_from(choice).unwrap(), 7], &stream[..]].concat())
    };
    words.enumerate().map(stream).collect()
}

/// What a doctor is shown: streams of every dialect, text, and what is no ISO 8583.
fn complaints() -> BTreeMap<String, Vec<u8>> {
    let framings = ["2-byte", "4-digit inclusive", "2-byte tpdu", "4-byte header echo 4", "2-byte bcd tpdu header echo 2"];
    let message = |name: &str, title: &str| seeds().remove(&format!("{name}-{title}")).unwrap().split_off(1);
    let mut all = BTreeMap::new();
    for (name, words) in Dialect::builtin_names().iter().zip(framings) {
        let (long, short) = (message(name, "withdrawal"), message(name, "echo"));
        all.insert(format!("{name}-{}", words.replace(' ', "-")), framed(words, &[&short, &long, b""]));
    }
    all.insert("alone".into(), message("iso87-bcd", "withdrawal"));
    all.insert("text".into(), hex(&framed("2-byte", &[&message("iso87-ascii", "echo")])).into_bytes());
    all.insert("tls".into(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec());
    all
}
