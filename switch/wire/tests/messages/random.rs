//! Random messages: raw fields by the formats that a dialect's own description gives, and messages of the model.

use std::collections::BTreeMap;

use model::{
    Content, Currency, InstitutionId, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode,
    ResponseCode, Sensitive, Stan, Text, Track2, TransmissionTime,
};

/// Numbers that look random and follow from a seed (splitmix64), so that a failing case shrinks and replays.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn number<T: TryFrom<u64>>(&mut self, limit: u64) -> T {
        T::try_from(self.below(limit)).ok().unwrap()
    }

    pub(crate) fn sometimes<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) != 0).then(|| value(self))
    }

    fn characters(&mut self, from: &[u8], count: u64) -> Vec<u8> {
        (0..count).map(|_| from[usize::try_from(self.below(from.len() as u64)).unwrap()]).collect()
    }

    fn text<const N: usize>(&mut self, from: &[u8], shortest: u64) -> Text<N> {
        let count = self.within(shortest, N as u64);
        Text::new(&self.characters(from, count)).unwrap()
    }
}

const DIGITS: &[u8] = b"0123456789";
const ALNUM: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PRINTABLE: &[u8] = b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
const DIGITS_OR_SPECIAL: &[u8] = b" !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`{|}~";

/// The description of a built-in dialect.
pub(crate) fn description(dialect: &str) -> &'static str {
    match dialect {
        "iso87-ascii" => include_str!("../../dialects/iso87-ascii.toml"),
        "iso87-bcd" => include_str!("../../dialects/iso87-bcd.toml"),
        "iso87-ebcdic" => include_str!("../../dialects/iso87-ebcdic.toml"),
        "iso93-ascii" => include_str!("../../dialects/iso93-ascii.toml"),
        "iso93-bcd" => include_str!("../../dialects/iso93-bcd.toml"),
        other => panic!("{other} is not built in"),
    }
}

/// The formats of a built-in dialect, read from its own description.
pub(crate) fn formats(dialect: &str) -> BTreeMap<u8, String> {
    formats_in(description(dialect))
}

/// The formats that a description gives.
pub(crate) fn formats_in(description: &str) -> BTreeMap<u8, String> {
    let description: toml::Table = description.parse().unwrap();
    let fields = description["fields"].as_table().unwrap();
    fields.iter().map(|(number, row)| (number.parse().unwrap(), row["format"].as_str().unwrap().to_owned())).collect()
}

/// A value of a format, as JSON carries it.
pub(crate) fn value(format: &str, dice: &mut Dice) -> String {
    let (class, length) = format.split_once(' ').unwrap();
    let count = match length.strip_prefix("..") {
        Some(max) if dice.below(8) == 0 => max.parse().unwrap(),
        Some(max) if dice.below(8) == 0 => dice.within(0, max.parse().unwrap()),
        Some(max) => dice.within(0, max.parse::<u64>().unwrap().min(40)),
        None => length.parse().unwrap(),
    };
    let bytes = match class {
        "n" => dice.characters(DIGITS, count),
        "x+n" => [dice.characters(b"CD", 1), dice.characters(DIGITS, count)].concat(),
        "an" => dice.characters(ALNUM, count),
        "ans" => dice.characters(PRINTABLE, count),
        "ns" => dice.characters(DIGITS_OR_SPECIAL, count),
        "z" => dice.characters(b"0123456789=", count),
        "b" => dice.characters(b"0123456789ABCDEF", count * 2),
        other => panic!("no values of class {other}"),
    };
    String::from_utf8(bytes).unwrap()
}

/// A message with any of the model's fields.
pub(crate) fn message(seed: u64) -> Message<'static> {
    static POOL: [u8; 999] = [b'~'; 999];
    static BYTES: [u8; 256] = {
        let mut all = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            all[byte] = byte as u8;
            byte += 1;
        }
        all
    };
    let mut dice = Dice(seed);
    let dice = &mut dice;
    let institution = |dice: &mut Dice| {
        let length = dice.within(1, 11);
        InstitutionId::from_parts(dice.below(10u64.pow(u32::try_from(length).unwrap())), u8::try_from(length).unwrap()).unwrap()
    };
    let known = |dice: &mut Dice| InstitutionId::new(dice.within(1, 99_999_999_999)).unwrap();
    let date = |dice: &mut Dice| LocalDate::new(u16::try_from(dice.within(1, 12) * 100 + dice.within(1, 28)).unwrap()).unwrap();
    let clock = |dice: &mut Dice| dice.below(24) * 10_000 + dice.below(60) * 100 + dice.below(60);
    let moment = |dice: &mut Dice| {
        let number = (dice.within(1, 12) * 100 + dice.within(1, 28)) * 1_000_000 + clock(dice);
        TransmissionTime::new(u32::try_from(number).unwrap()).unwrap()
    };
    let stan = |dice: &mut Dice| Stan::new(dice.number(1_000_000)).unwrap();
    let mtis = [200, 201, 210, 400, 420, 421, 430, 800, 810, 100, 220, 600];
    let mti = |dice: &mut Dice| Mti::new(mtis[dice.number::<usize>(12)]).unwrap();
    let borrowed = |dice: &mut Dice| Content::ascii(&POOL[..dice.number::<usize>(1000)]);
    let pan = |dice: &mut Dice| {
        let length = dice.within(8, 19);
        Pan::from_digits(&dice.characters(DIGITS, length)).unwrap()
    };
    Message {
        pan: dice.sometimes(pan),
        processing: dice.sometimes(|dice| ProcessingCode::new(dice.number(1_000_000)).unwrap()),
        amount: dice.sometimes(|dice| dice.below(1_000_000_000_000)),
        transmitted: dice.sometimes(moment),
        stan: dice.sometimes(stan),
        local_time: dice.sometimes(|dice| LocalTime::new(u32::try_from(clock(dice)).unwrap()).unwrap()),
        local_date: dice.sometimes(date),
        expiry: dice.sometimes(|dice| dice.number(10_000)),
        business_date: dice.sometimes(date),
        merchant_type: dice.sometimes(|dice| dice.number(10_000)),
        entry_mode: dice.sometimes(|dice| dice.number(1000)),
        condition: dice.sometimes(|dice| dice.number(100)),
        acquirer: dice.sometimes(institution),
        forwarder: dice.sometimes(institution),
        track2: dice.sometimes(|dice| Track2(dice.text(b"0123456789=", 0))),
        rrn: dice.sometimes(|dice| dice.text(ALNUM, 12)),
        authorization: dice.sometimes(|dice| dice.text(ALNUM, 6)),
        code: dice.sometimes(|dice| ResponseCode::new(dice.characters(ALNUM, 2).try_into().unwrap()).unwrap()),
        terminal: dice.sometimes(|dice| dice.text(PRINTABLE, 8)),
        merchant: dice.sometimes(|dice| dice.text(PRINTABLE, 15)),
        location: dice.sometimes(|_| Content::ascii(&POOL[..40])),
        remark: dice.sometimes(|dice| dice.text(PRINTABLE, 0)),
        additional: dice.sometimes(borrowed),
        currency: dice.sometimes(|dice| Currency::from_numeric([116, 840, 392, 764, 704, 8][dice.number::<usize>(6)]).unwrap()),
        pin_block: dice.sometimes(|dice| Sensitive::raw(&BYTES[dice.number::<usize>(248)..][..8])),
        balances: dice.sometimes(|_| Content::ascii(b"1001116C000005000000")),
        chip: dice.sometimes(|dice| Sensitive::raw(&BYTES[..dice.number::<usize>(257)])),
        private: [dice.sometimes(borrowed), dice.sometimes(borrowed), dice.sometimes(borrowed), dice.sometimes(borrowed)],
        network: dice.sometimes(|dice| NetworkCode::from_number(dice.number(1000))),
        original: dice.sometimes(|dice| OriginalData {
            mti: mti(dice),
            stan: stan(dice),
            transmitted: dice.sometimes(moment),
            local: None,
            acquirer: dice.sometimes(known),
            forwarder: dice.sometimes(known),
        }),
        replacement: dice.sometimes(|dice| dice.below(1_000_000_000_000)),
        receiver: dice.sometimes(institution),
        from_account: dice.sometimes(|dice| dice.text(PRINTABLE, 0)),
        to_account: dice.sometimes(|dice| dice.text(PRINTABLE, 0)),
        fee: dice.sometimes(|dice| dice.below(100_000_000)),
        issued: dice.sometimes(pan),
        ..Message::new(mti(dice))
    }
}
