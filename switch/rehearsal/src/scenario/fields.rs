//! The fields of a message by their names in scenario files: number, form, how the text of one is read from a message and put
//! into one. The one table for files, the runner, the schema and the docs.

use std::collections::BTreeMap;

use bank_adapters::{AmountType, Balance, Sign};
use model::{
    Content, Currency, FieldNumber, InstitutionId, LocalDate, LocalTime, Message, Money, Mti, OriginalData, ProcessingCode,
    ResponseCode, Sensitive, Stan, Text, Track2, TransmissionTime,
};

use super::Shape;

/// A field as scenario files know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its number in ISO 8583:1987.
    pub number: FieldNumber,
    /// The form of its text.
    pub shape: Shape,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Whether it is part of another field: read, never set.
    pub part: bool,
}

const fn field(name: &'static str, number: FieldNumber, shape: Shape, about: &'static str) -> Field {
    Field { name, number, shape, about, part: false }
}

/// Every field, by number.
pub const FIELDS: &[Field] = &[
    field("pan", 2, Shape::Card, "primary account number"),
    field("processing", 3, Shape::Digits(6), "processing code"),
    field("amount", 4, Shape::Amount, "amount, with its currency of DE49"),
    field("transmitted", 7, Shape::Transmission, "transmission date and time, UTC"),
    field("stan", 11, Shape::Digits(6), "system trace audit number"),
    field("local_time", 12, Shape::Clock, "local time"),
    field("local_date", 13, Shape::Day, "local date"),
    field("expiry", 14, Shape::Digits(4), "expiration date, YYMM"),
    field("business_date", 15, Shape::Day, "settlement date"),
    field("merchant_type", 18, Shape::Digits(4), "merchant type"),
    field("entry_mode", 22, Shape::Digits(3), "point of service entry mode"),
    field("condition", 25, Shape::Digits(2), "point of service condition code"),
    field("fee", 28, Shape::Amount, "transaction fee, in the currency of DE49"),
    field("acquirer", 32, Shape::Institution, "acquiring institution"),
    field("forwarder", 33, Shape::Institution, "forwarding institution"),
    field("issued", 34, Shape::Card, "number of a card issued by this transaction"),
    field("track2", 35, Shape::Secret, "track 2"),
    field("rrn", 37, Shape::Text(12), "retrieval reference number"),
    field("authorization", 38, Shape::Text(6), "authorization identification response"),
    field("code", 39, Shape::Text(2), "response code"),
    field("terminal", 41, Shape::Text(8), "card acceptor terminal identification"),
    field("merchant", 42, Shape::Text(15), "card acceptor identification"),
    field("location", 43, Shape::Content(40), "card acceptor name and location"),
    field("remark", 44, Shape::Text(25), "additional response data: in a 30 the field at fault"),
    field("additional", 48, Shape::Content(999), "additional data"),
    field("currency", 49, Shape::Currency, "currency"),
    field("pin_block", 52, Shape::Secret, "PIN block"),
    field("balances", 54, Shape::Content(120), "additional amounts, as they stand in the message"),
    Field { name: "ledger", number: 54, shape: Shape::Amount, about: "ledger balance, of additional amounts", part: true },
    Field { name: "available", number: 54, shape: Shape::Amount, about: "available balance, of additional amounts", part: true },
    field("chip", 55, Shape::Secret, "chip data"),
    field("private60", 60, Shape::Content(999), "private data"),
    field("private61", 61, Shape::Content(999), "private data"),
    field("private62", 62, Shape::Content(999), "private data"),
    field("private63", 63, Shape::Content(999), "private data"),
    field("network", 70, Shape::Digits(3), "network management information code"),
    field("original", 90, Shape::Digits(42), "original data elements"),
    field("file_update", 91, Shape::Text(1), "file update code"),
    field("replacement", 95, Shape::Amount, "replacement amount, in the currency of DE49"),
    field("receiver", 100, Shape::Institution, "receiving institution"),
    field("file_name", 101, Shape::Text(17), "file name"),
    field("from_account", 102, Shape::Text(28), "account debited"),
    field("to_account", 103, Shape::Text(28), "account credited"),
];

/// The field with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

impl Field {
    /// Its text in a message; `None` where it is not there. A card number is masked, what is secret is told by its length.
    #[must_use]
    pub fn text(&self, message: &Message<'_>) -> Option<String> {
        let money = |minor: u64| match message.currency {
            Some(currency) => Money::from_minor(minor, currency).to_string(),
            None => minor.to_string(),
        };
        let withheld = |bytes: usize| format!("<{bytes} bytes withheld>");
        match self.number {
            2 => message.pan.map(|it| it.to_string()),
            3 => message.processing.map(|it| it.to_string()),
            4 => message.amount.map(money),
            7 => message.transmitted.map(|it| it.to_string()),
            11 => message.stan.map(|it| it.to_string()),
            12 => message.local_time.map(|it| it.to_string()),
            13 => message.local_date.map(|it| it.to_string()),
            14 => message.expiry.map(|it| format!("{it:04}")),
            15 => message.business_date.map(|it| it.to_string()),
            18 => message.merchant_type.map(|it| format!("{it:04}")),
            22 => message.entry_mode.map(|it| format!("{it:03}")),
            25 => message.condition.map(|it| format!("{it:02}")),
            28 => message.fee.map(money),
            32 => message.acquirer.map(|it| it.number().to_string()),
            33 => message.forwarder.map(|it| it.number().to_string()),
            34 => message.issued.map(|it| it.to_string()),
            35 => message.track2.map(|it| withheld(it.0.as_bytes().len())),
            37 => message.rrn.map(|it| shown(it.trimmed())),
            38 => message.authorization.map(|it| shown(it.trimmed())),
            39 => message.code.map(|it| it.to_string()),
            41 => message.terminal.map(|it| shown(it.trimmed())),
            42 => message.merchant.map(|it| shown(it.trimmed())),
            43 => message.location.map(content),
            44 => message.remark.map(|it| shown(it.trimmed())),
            48 => message.additional.map(content),
            49 => message.currency.map(|it| it.to_string()),
            52 => message.pin_block.map(|it| withheld(it.0.bytes.len())),
            54 if self.name == "available" => balance(message, AmountType::Available),
            54 if self.name == "ledger" => balance(message, AmountType::Ledger),
            54 => message.balances.map(content),
            55 => message.chip.map(|it| withheld(it.0.bytes.len())),
            60..=63 => private(message, self.number).map(content),
            70 => message.network.map(|it| format!("{:03}", it.number())),
            90 => message.original.map(|it| original_digits(&it)),
            91 => message.file_update.map(|it| shown(&[it])),
            95 => message.replacement.map(money),
            100 => message.receiver.map(|it| it.number().to_string()),
            101 => message.file_name.map(|it| shown(it.trimmed())),
            102 => message.from_account.map(|it| shown(it.trimmed())),
            103 => message.to_account.map(|it| shown(it.trimmed())),
            _ => None,
        }
    }
}

/// Characters as they are where they can be printed.
fn shown(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// Text, or hexadecimal digits where it is none.
fn content(content: Content<'_>) -> String {
    let bytes = wire::octets(content).unwrap_or_default();
    match str::from_utf8(&bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.trim_end().to_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
    }
}

fn private<'a>(message: &Message<'a>, number: FieldNumber) -> Option<Content<'a>> {
    message.private.get(usize::from(number.checked_sub(60)?)).copied().flatten()
}

/// The first balance of this type in DE54, signed.
fn balance(message: &Message<'_>, which: AmountType) -> Option<String> {
    let all = Balance::parse(&wire::octets(message.balances?)?)?;
    let found = all.into_iter().find(|it| it.amount_type == which)?;
    let sign = if found.sign == Sign::Debit { "-" } else { "" };
    Some(format!("{sign}{}", found.amount))
}

/// DE90 as the 1987 version writes it.
fn original_digits(it: &OriginalData) -> String {
    let transmitted = it.transmitted.map_or(0, TransmissionTime::number);
    let [acquirer, forwarder] = [it.acquirer, it.forwarder].map(|it| it.map_or(0, InstitutionId::number));
    format!("{}{}{transmitted:010}{acquirer:011}{forwarder:011}", it.mti, it.stan)
}

/// A message that is being made, with the content that a [`Message`] only borrows.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// All of it but what borrows: DE43, 48, 52, 54, 55 and 60 to 63 stand in `contents`.
    pub fixed: Message<'static>,
    contents: BTreeMap<FieldNumber, Vec<u8>>,
}

impl From<Message<'static>> for Draft {
    fn from(fixed: Message<'static>) -> Self {
        Self { fixed, contents: BTreeMap::new() }
    }
}

impl Draft {
    /// The message.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        let content = |number| self.contents.get(&number).map(|bytes| Content::ascii(bytes));
        let raw = |number| self.contents.get(&number).map(|bytes| Sensitive::raw(bytes));
        Message {
            location: content(43),
            additional: content(48),
            pin_block: raw(52),
            balances: content(54),
            chip: raw(55),
            private: [60, 61, 62, 63].map(content),
            ..self.fixed
        }
    }

    /// The same content under another message, such as a repeat of it.
    #[must_use]
    pub fn with(&self, fixed: Message<'static>) -> Self {
        Self { fixed, contents: self.contents.clone() }
    }

    /// Leaves a field out.
    pub fn clear(&mut self, field: &Field) {
        self.contents.remove(&field.number);
        let fixed = &mut self.fixed;
        match field.number {
            2 => fixed.pan = None,
            3 => fixed.processing = None,
            4 => fixed.amount = None,
            7 => fixed.transmitted = None,
            11 => fixed.stan = None,
            12 => fixed.local_time = None,
            13 => fixed.local_date = None,
            14 => fixed.expiry = None,
            15 => fixed.business_date = None,
            18 => fixed.merchant_type = None,
            22 => fixed.entry_mode = None,
            25 => fixed.condition = None,
            28 => fixed.fee = None,
            32 => fixed.acquirer = None,
            33 => fixed.forwarder = None,
            34 => fixed.issued = None,
            35 => fixed.track2 = None,
            37 => fixed.rrn = None,
            38 => fixed.authorization = None,
            39 => fixed.code = None,
            41 => fixed.terminal = None,
            42 => fixed.merchant = None,
            44 => fixed.remark = None,
            49 => fixed.currency = None,
            70 => fixed.network = None,
            90 => fixed.original = None,
            91 => fixed.file_update = None,
            95 => fixed.replacement = None,
            100 => fixed.receiver = None,
            101 => fixed.file_name = None,
            102 => fixed.from_account = None,
            103 => fixed.to_account = None,
            _ => {}
        }
    }

    /// Sets a field to what a text says. Cards and names of institutions are the caller's to find.
    ///
    /// # Errors
    /// What the text should look like.
    pub fn set(&mut self, field: &Field, text: &str) -> Result<(), String> {
        if field.part {
            return Err(format!("{} is read from DE54 and cannot be set; set `balances`", field.name));
        }
        match field.shape {
            Shape::Content(max) => self.set_content(field, text.as_bytes().to_vec(), max),
            Shape::Secret => self.set_secret(field, text),
            Shape::Amount => self.set_amount(field, text),
            _ => self.set_fixed(field, text),
        }
    }

    fn set_content(&mut self, field: &Field, bytes: Vec<u8>, max: usize) -> Result<(), String> {
        if bytes.len() > max {
            return Err(format!("{} has at most {max} characters", field.name));
        }
        self.contents.insert(field.number, bytes);
        Ok(())
    }

    fn set_secret(&mut self, field: &Field, text: &str) -> Result<(), String> {
        let hex = || format!("{} is set as hexadecimal digits, two for each byte", field.name);
        let bytes = wire::unhex(text.as_bytes()).ok_or_else(hex)?;
        if field.number == 35 {
            self.fixed.track2 = Some(Track2(Text::new(&bytes).ok_or("track 2 has at most 37 characters")?));
            return Ok(());
        }
        self.set_content(field, bytes, 255)
    }

    /// An amount brings the currency of the message along, where it has none; else they must agree.
    fn set_amount(&mut self, field: &Field, text: &str) -> Result<(), String> {
        let money: Money = text.parse().map_err(|error: model::AmountError| error.to_string())?;
        match self.fixed.currency {
            Some(currency) if currency != money.currency() && field.number != 4 => {
                return Err(format!("{} is in the currency of the message, {currency}", field.name));
            }
            _ => self.fixed.currency = Some(money.currency()),
        }
        match field.number {
            4 => self.fixed.amount = Some(money.minor()),
            28 => self.fixed.fee = Some(money.minor()),
            _ => self.fixed.replacement = Some(money.minor()),
        }
        Ok(())
    }

    fn set_fixed(&mut self, field: &Field, text: &str) -> Result<(), String> {
        let fixed = &mut self.fixed;
        let done = match field.number {
            3 => put(&mut fixed.processing, number(text).and_then(ProcessingCode::new)),
            7 => put(&mut fixed.transmitted, number(text).and_then(TransmissionTime::new)),
            11 => put(&mut fixed.stan, number(text).and_then(Stan::new)),
            12 => put(&mut fixed.local_time, number(text).and_then(LocalTime::new)),
            13 => put(&mut fixed.local_date, small(text).and_then(LocalDate::new)),
            14 => put(&mut fixed.expiry, small(text).filter(|it| *it <= 9999)),
            15 => put(&mut fixed.business_date, small(text).and_then(LocalDate::new)),
            18 => put(&mut fixed.merchant_type, small(text).filter(|it| *it <= 9999)),
            22 => put(&mut fixed.entry_mode, small(text).filter(|it| *it <= 999)),
            25 => put(&mut fixed.condition, small(text).and_then(|it| u8::try_from(it).ok()).filter(|it| *it <= 99)),
            32 => put(&mut fixed.acquirer, institution(text)),
            33 => put(&mut fixed.forwarder, institution(text)),
            37 => put(&mut fixed.rrn, Text::new(text.as_bytes())),
            38 => put(&mut fixed.authorization, Text::new(text.as_bytes())),
            39 => put(&mut fixed.code, text.as_bytes().try_into().ok().and_then(ResponseCode::new)),
            41 => put(&mut fixed.terminal, Text::new(text.as_bytes())),
            42 => put(&mut fixed.merchant, Text::new(text.as_bytes())),
            44 => put(&mut fixed.remark, Text::new(text.as_bytes())),
            49 => put(&mut fixed.currency, Currency::from_alpha(text).or_else(|| Currency::from_numeric(small(text)?))),
            70 => put(&mut fixed.network, small(text).filter(|it| *it <= 999).map(model::NetworkCode::from_number)),
            90 => put(&mut fixed.original, original(text)),
            91 => put(&mut fixed.file_update, text.bytes().next().filter(|_| text.len() == 1)),
            100 => put(&mut fixed.receiver, institution(text)),
            101 => put(&mut fixed.file_name, Text::new(text.as_bytes())),
            102 => put(&mut fixed.from_account, Text::new(text.as_bytes())),
            103 => put(&mut fixed.to_account, Text::new(text.as_bytes())),
            _ => false,
        };
        done.then_some(()).ok_or_else(|| format!("{} is {}", field.name, field.shape.wanted()))
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    if fits {
        *place = value;
    }
    fits
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn small(text: &str) -> Option<u16> {
    u16::try_from(number(text)?).ok()
}

fn institution(text: &str) -> Option<InstitutionId> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| InstitutionId::from_parts(text.parse().ok()?, u8::try_from(text.len()).ok()?))?
}

fn original(text: &str) -> Option<OriginalData> {
    let part = |at| text.get(at).and_then(|digits: &str| digits.parse::<u64>().ok());
    let named = |at| part(at).filter(|it| *it > 0).and_then(InstitutionId::new);
    (text.len() == 42 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    Some(OriginalData {
        mti: Mti::new(u16::try_from(part(0..4)?).ok()?)?,
        stan: Stan::new(u32::try_from(part(4..10)?).ok()?)?,
        transmitted: u32::try_from(part(10..20)?).ok().filter(|it| *it > 0).and_then(TransmissionTime::new),
        local: None,
        acquirer: named(20..31),
        forwarder: named(31..42),
    })
}
