//! The keys of a scenario file, in the order in which they are written: section by section, and for a step by what it does.
//! The one table for the canonical form, the schema and the docs.
//!
//! Knows: names, forms, a sentence on each. Does not know: what a key does (`model`), fields of messages (`fields`).

use super::fields;
use crate::replay::FaultKind;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub form: Form,
    /// What it means, in a sentence.
    pub about: &'static str,
    /// Whether it must be there.
    pub needed: bool,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text as it is.
    Text,
    /// Text, or a number as text, with `{{…}}` filled in.
    Template,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or an MTI of four digits.
    Message(&'static [&'static str]),
    /// A whole number, not negative.
    Number,
    /// Text or a number.
    Scalar,
    /// `true`.
    Said,
    /// `true` or `false`.
    Truth,
    /// A date and time, in quotation marks or without.
    Moment,
    /// A length of time with its unit: `"40s"`, `"1h30m"`.
    Duration,
    /// `+` and a length of time, a date and time, or one of these words.
    Clock(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A table of texts by name.
    TextTable,
    /// A table of anything: it is checked elsewhere.
    AnyTable,
    /// Tables by name, or one after the other: sections of their own.
    Sections,
    /// A plain value, or a matcher.
    Matcher,
    /// A list of plain values.
    Values,
}

const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, needed: false }
}

const fn needed(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, needed: true }
}

/// What a step can do: the key that says it comes first, and the others after it.
#[derive(Debug, PartialEq, Eq)]
pub struct Verb {
    /// The key that makes it this kind of step.
    pub key: Key,
    /// The other keys that it knows.
    pub keys: &'static [Key],
    /// Which fields of messages it takes besides, by name.
    pub fields: Fields,
}

/// What a step does with fields of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// It knows none.
    None,
    /// It sets them.
    Set,
    /// It compares them.
    Compared,
}

/// The keys of the file itself, before any section.
pub const TOP: &[Key] = &[
    needed("title", Form::Text, "What the scenario shows, in a sentence."),
    key("about", Form::Text, "More about it, as long as it takes."),
    key("rule", Form::Text, "The rule that it shows; reports group by it."),
    key("tags", Form::Texts, "Words to find it by: `payswitch replay --filter`."),
    key("seed", Form::Number, "Where trace numbers (STAN) and reference numbers (RRN) begin; 1 if left out."),
    key("start", Form::Moment, "Where the clock begins; 2022-12-28T09:00:00+07:00 if left out."),
    key("vars", Form::TextTable, "Texts of your own, for `{{name}}`."),
    key("switch", Form::AnyTable, "Configuration of the switch, laid over the shipped one."),
    key("terminal", Form::Sections, "The terminals, by name."),
    key("step", Form::Sections, "What happens, in order."),
];

/// The keys of `[terminal.NAME]`.
pub const TERMINAL: &[Key] = &[
    needed("id", Form::Text, "Its identification, DE41: eight characters."),
    key("institution", Form::Scalar, "The acquirer, DE32: a number, or a bank's name; the link's if left out."),
    key("link", Form::Text, "The `[[acquirer]]` whose port it dials, which gives dialect and framing; the first if left out."),
    key("merchant_type", Form::Number, "The merchant category, DE18; as the transaction needs it if left out."),
    key("entry_mode", Form::Number, "The entry mode, DE22."),
    key("merchant", Form::Text, "The merchant, DE42."),
];

/// What can be sent.
pub const SENT: &[&str] = &[
    "purchase",
    "withdrawal",
    "cash-back",
    "refund",
    "deposit",
    "salary",
    "balance",
    "mini-statement",
    "transfer",
    "virtual-card",
    "pin-change",
    "top-up",
    "authorization",
    "completion",
    "advice",
    "repeat",
    "reversal",
    "reversal-advice",
    "sign-on",
    "sign-off",
    "echo",
    "bytes",
];

/// Every kind of step, in the order of the docs.
pub const VERBS: &[Verb] = &[SEND, EXPECT, COMMAND, FAULT, CLOCK, ASSERT];

const AS: Key = key("as", Form::Text, "A name for later steps: `of = \"name\"`, `{{name.field}}`.");

const SEND: Verb = Verb {
    key: needed("send", Form::Word(SENT), "A terminal sends this."),
    keys: &[
        AS,
        key("from", Form::Text, "The terminal, by name."),
        key("card", Form::Template, "A card, by its alias; brings card number and expiry."),
        key("amount", Form::Template, "The amount with its currency: sets DE4 and DE49."),
        key("kind", Form::Text, "Of an authorization, completion or advice: the kind of transaction; purchase if left out."),
        key("of", Form::Text, "Of a repeat, reversal or completion: the step that it is about; the last one sent if left out."),
        key("hex", Form::Text, "Of bytes: what goes into the frame, as hexadecimal digits."),
        key("raw", Form::Truth, "Of bytes: they are sent as they are, without a frame."),
    ],
    fields: Fields::Set,
};

const EXPECT: Verb = Verb {
    key: needed("expect", Form::Message(&["answer", "nothing"]), "A message is to arrive, or nothing."),
    keys: &[
        AS,
        key("of", Form::Text, "The step whose message it answers; the last one sent by that terminal if left out."),
        key("at", Form::Text, "Where it arrives: a terminal, or a bank."),
        key("within", Form::Duration, "How long to wait, by the scenario's clock; 40s if left out."),
        key("capture", Form::TextTable, "Fields to keep: `{ name = \"field\" }` makes `{{name}}`."),
    ],
    fields: Fields::Compared,
};

const COMMAND: Verb = Verb {
    key: needed(
        "command",
        Form::Word(&["cutover", "sign-off", "sign-on", "retry", "discard", "block", "unblock"]),
        "An operator gives this order.",
    ),
    keys: &[
        AS,
        key("bank", Form::Text, "Of sign-off and sign-on: which bank."),
        key("card", Form::Template, "Of block and unblock: which card, by its alias."),
        key("list", Form::Word(&["lost", "stolen", "blocked"]), "Of block: why no bank is to be asked about it."),
        key("of", Form::Text, "Of retry and discard: the step that sent the transaction."),
        key("leg", Form::Number, "Of retry and discard: which leg of it, from 0."),
        key("operator", Form::Template, "Who gives the order; \"rehearsal\" if left out."),
        key("reason", Form::Template, "Why."),
        key("refused", Form::Matcher, "The order is to be refused, with this text."),
    ],
    fields: Fields::None,
};

const FAULT: Verb = Verb {
    key: needed("fault", Form::Word(&FaultKind::NAMES), "Something goes wrong on a link, from here on."),
    keys: &[
        AS,
        key("on", Form::Text, "Whose link: a terminal's or a bank's; of a crash, \"switch\"."),
        key("way", Form::Word(&["in", "out", "both"]), "Into the switch, out of it, or both ways, which is the default."),
        key("only", Form::Scalar, "Only messages of this type, such as \"0210\"."),
        key("times", Form::Number, "How often; until it is cleared if left out."),
        key("by", Form::Duration, "Of a delay: how much later a message arrives."),
        key("rate", Form::Number, "Of a throttle: bytes a second."),
        key("for", Form::Duration, "Of a crash: after what time the switch starts again."),
    ],
    fields: Fields::None,
};

const CLOCK: Verb =
    Verb { key: needed("clock", Form::Clock(&["rest", "cutover"]), "Time goes on."), keys: &[AS], fields: Fields::None };

const ASSERT: Verb = Verb {
    key: needed(
        "assert",
        Form::Word(&[
            "ledger",
            "positions",
            "owed",
            "dead-letters",
            "hot-cards",
            "overruled",
            "holding",
            "status",
            "business-date",
            "metric",
        ]),
        "Something is to be so.",
    ),
    keys: &[
        AS,
        key("bank", Form::Text, "Of ledger, owed and status: which bank."),
        key("card", Form::Template, "Of ledger: whose account, by a card's alias."),
        key("account", Form::Template, "Of ledger: which account, or which phone, by its number."),
        key("participant", Form::Text, "Of positions: a bank's name, `switch`, `clearing`, or an institution's number."),
        key("currency", Form::Text, "Of ledger and positions: in which currency."),
        key("date", Form::Scalar, "Of positions: of which business date; the open one if left out."),
        key("name", Form::Text, "Of metric: its name."),
        key("labels", Form::TextTable, "Of metric: labels that it must have."),
        key("balance", Form::Matcher, "Of ledger: what is booked."),
        key("held", Form::Matcher, "Of ledger: what is held of it."),
        key("change", Form::Matcher, "Of ledger: what is booked since the scenario began."),
        key("net", Form::Matcher, "Of positions: what the participant is owed; negative, owes."),
        key("count", Form::Matcher, "Of owed, dead-letters, hot-cards, overruled and holding: how many."),
        key("linked", Form::Matcher, "Of status: whether a link to the bank is up."),
        key("signed_off", Form::Matcher, "Of status: whether the bank has signed off, or was."),
        key("is", Form::Matcher, "Of business-date: the date."),
        key("value", Form::Matcher, "Of metric: its value; the sum where several have the labels."),
        key("eventually", Form::Duration, "Wait for it so long, by the scenario's clock; it must hold at once if left out."),
    ],
    fields: Fields::None,
};

/// The words of a matcher.
pub const MATCHERS: &[Key] = &[
    key("echo", Form::Said, "What the request had in the same field; absent if it was absent there."),
    key("present", Form::Said, "Anything."),
    key("absent", Form::Said, "Nothing: the field is not there."),
    key("optional", Form::Template, "This value, or nothing."),
    key("regex", Form::Text, "A text in which this regular expression finds something."),
    key("in", Form::Values, "One of these values."),
    key("range", Form::Values, "From the first value to the second, both included."),
    key("near", Form::Template, "At most `by` away from this value."),
    key("by", Form::Template, "Of near: a length of time, an amount or a number."),
    key("ignore", Form::Said, "Not looked at."),
];

/// The place of a key of a step in the canonical order: what the step does, its own keys, the fields by number, and last what is
/// kept and how long to wait.
#[must_use]
pub fn rank(verb: &Verb, name: &str) -> usize {
    const LAST: [&str; 2] = ["capture", "eventually"];
    let own = verb.keys.iter().position(|key| key.name == name);
    let field = || fields::FIELDS.iter().position(|field| field.name == name).unwrap_or(fields::FIELDS.len());
    match own {
        _ if name == verb.key.name => 0,
        Some(_) if LAST.contains(&name) => usize::MAX,
        Some(at) => at + 1,
        None => verb.keys.len() + 1 + field(),
    }
}

/// The kind of step that this key makes.
#[must_use]
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.key.name == name)
}
