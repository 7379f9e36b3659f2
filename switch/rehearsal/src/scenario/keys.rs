//! The keys of a scenario file and the words that they take, in the order in which they are written. The one table for the parser's
//! offers, the canonical form, the schema and the docs.
//!
//! Knows: names, forms, a sentence on each, which keys belong to which word. Does not know: what a key does (`model`), fields of
//! messages (`fields`).

mod payroll;

use model::Kind;

use super::fields;

use payroll::BATCH_KEYS;
pub use payroll::{ACCOUNT_STATUSES, AT_BANK, BATCH_STATES, FORMS, ITEM, ITEM_STATES, PAYROLL, PERSON, STANDINGS, STATUSES};

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
    /// Text or a number, in which `{{…}}` is filled in.
    Template,
    /// One of these words.
    Word(&'static [Word]),
    /// One of these words, or a kind of transaction.
    Sent(&'static [Word]),
    /// A kind of transaction.
    Kind,
    /// One of these words, or a message type.
    Message(&'static [Word]),
    /// A message type: four digits in quotation marks.
    Mti,
    /// A whole number, not negative.
    Number,
    /// `true`.
    Said,
    /// `true` or `false`.
    Truth,
    /// A date and time, in quotation marks or without.
    Moment,
    /// A date, in quotation marks or without.
    Date,
    /// A length of time with its unit.
    Duration,
    /// `+` and a length of time, a date and time, or one of these words.
    Clock(&'static [Word]),
    /// A list of texts.
    Texts,
    /// A table of texts by name.
    Named,
    /// A table of names of fields by name.
    Captures,
    /// A table of anything: it is checked elsewhere.
    AnyTable,
    /// Terminals by name.
    Terminals,
    /// People by name.
    People,
    /// A table of words by a card's alias.
    Standings(&'static [Word]),
    /// What a payroll pays, one table each.
    Items,
    /// Steps.
    Steps,
    /// A plain value, or a matcher.
    Matcher,
    /// A list of plain values.
    Values,
}

/// A word that a key takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The keys of its step that it takes. A key that is in no word's list goes with each.
    pub keys: &'static [&'static str],
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

const fn key(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, needed: false }
}

const fn needed(name: &'static str, form: Form, about: &'static str) -> Key {
    Key { name, form, about, needed: true }
}

const fn word(name: &'static str, about: &'static str, keys: &'static [&'static str]) -> Word {
    Word { name, about, keys }
}

/// The keys of the file itself, before any section.
pub const TOP: &[Key] = &[
    needed("title", Form::Text, "What the scenario shows, in a sentence."),
    key("about", Form::Text, "More about it."),
    key("rule", Form::Text, "The rule that it shows."),
    key("tags", Form::Texts, "Words to find it by."),
    key("seed", Form::Number, "Where trace numbers (DE11) and reference numbers (DE37) begin; 1 if left out."),
    key("start", Form::Moment, "Where the clock begins; 2022-12-28T09:00:00+07:00 if left out."),
    key("vars", Form::Named, "Texts of your own, for `{{name}}`."),
    key("switch", Form::AnyTable, "Configuration of the switch, laid over the shipped one."),
    key("cards", Form::Standings(STANDINGS), "The cards that the switch's store knows, by alias, and how they stand there."),
    key("person", Form::People, "People of the payroll registry who are not as the cast has them."),
    key("terminal", Form::Terminals, "The terminals, by name."),
    needed("step", Form::Steps, "What happens, in order."),
];

/// The keys of `[terminal.NAME]`.
pub const TERMINAL: &[Key] = &[
    key("id", Form::Text, "Its identification (DE41), at most 8 characters; its name in capitals if left out."),
    key("institution", Form::Template, "Its acquirer (DE32), a number or the name of a bank; that of the link if left out."),
    key("link", Form::Text, "The `[[acquirer]]` whose port it dials, which gives dialect and framing; the first if left out."),
    key("merchant_type", Form::Number, "Its merchant type (DE18); as the kind of transaction has it if left out."),
    key("entry_mode", Form::Number, "How cards are read there (DE22); 11 if left out."),
    key("merchant", Form::Text, "Whose it is (DE42), at most 15 characters; REHEARSAL if left out."),
];

/// Every kind of step.
pub const VERBS: &[Verb] = &[SEND, EXPECT, COMMAND, PAYROLL, FAULT, CLOCK, ASSERT];

const AS: Key = key("as", Form::Text, "A name for later steps: `of = \"name\"`, `{{name.field}}`.");

/// What can be sent beside the kinds of transactions.
pub const SENT: &[Word] = &[
    word("authorization", "Holds an amount (0100).", &["kind"]),
    word("completion", "Takes what an authorization has held, or a part of it (0220).", &["of"]),
    word("advice", "Tells what has happened already (0220).", &["kind"]),
    word("repeat", "The same message again, marked as a repeat.", &["of"]),
    word("reversal", "Undoes a transaction (0400).", &["of"]),
    word("reversal-advice", "Undoes a transaction that nobody can refuse to undo (0420).", &["of"]),
    word("sign-on", "The acquirer signs on (0800, 001).", &[]),
    word("sign-off", "The acquirer signs off (0800, 002).", &[]),
    word("echo", "Asks whether anybody is there (0800, 301).", &[]),
    word("bytes", "Bytes as they are written, sound or not.", &["hex", "raw"]),
];

/// A terminal sends something.
pub const SEND: Verb = Verb {
    key: needed("send", Form::Sent(SENT), "What a terminal sends: a kind of transaction as 0200, or another message."),
    keys: &[
        AS,
        key("from", Form::Text, "The terminal, by name."),
        key("card", Form::Template, "A card, by its alias: sets card number (DE2) and expiry (DE14)."),
        key("amount", Form::Template, "The amount with its currency: sets DE4 and DE49."),
        key("kind", Form::Kind, "Which kind of transaction is held or told; purchase if left out."),
        key("of", Form::Text, "The send step that it is about; the last one if left out."),
        key("hex", Form::Text, "The bytes, as hexadecimal digits; blanks are passed over."),
        key("raw", Form::Truth, "Whether they are sent as they stand, without a frame."),
    ],
    fields: Fields::Set,
};

/// A message is to arrive, or nothing.
pub const EXPECT: Verb = Verb {
    key: needed(
        "expect",
        Form::Message(&[
            word("answer", "Whatever answers.", &[]),
            word("nothing", "Nothing arrives for as long as `within` says.", &[]),
        ]),
        "What is to arrive: a message of this type, whatever answers, or nothing.",
    ),
    keys: &[
        AS,
        key("of", Form::Text, "The send step that it answers; the last one of that terminal if left out."),
        key("at", Form::Text, "Where it arrives, a terminal or a bank by name; where `of` was sent if left out."),
        key("within", Form::Duration, "How long to wait, by the scenario's clock; 40s if left out."),
        key("capture", Form::Captures, "Fields to keep: `{ auth = \"authorization\" }` makes `{{auth}}`."),
    ],
    fields: Fields::Compared,
};

/// An operator gives an order.
pub const COMMAND: Verb = Verb {
    key: needed(
        "command",
        Form::Word(&[
            word("cutover", "Opens the next business date.", &[]),
            word("sign-off", "Asks a bank nothing more.", &["bank"]),
            word("sign-on", "Asks it again.", &["bank"]),
            word("retry", "Tries again what a bank was owed and was given up.", &["of", "leg"]),
            word("discard", "Takes it off the list.", &["of", "leg"]),
            word("block", "Refuses a card.", &["card", "list", "bank"]),
            word("unblock", "Refuses it no longer.", &["card", "bank"]),
            word("replace", "Refuses a card for which another stands.", &["card", "new", "list", "bank"]),
        ]),
        "What an operator orders, as with `payswitch order`.",
    ),
    keys: &[
        AS,
        key("bank", Form::Text, "Which bank, by name; of a card, its bank, which says so itself by 0302."),
        key("card", Form::Template, "Which card, by its alias."),
        key("new", Form::Template, "The card that stands for it, by its alias."),
        key("list", Form::Word(LISTS), "Why it is refused; blocked if left out."),
        key("of", Form::Text, "The step that sent the transaction."),
        key("leg", Form::Number, "Which leg of it, from 0; 0 if left out."),
        key("operator", Form::Template, "Who orders it; rehearsal if left out."),
        key("reason", Form::Template, "Why."),
        key("refused", Form::Matcher, "The order is to be refused with this text; carried out if left out."),
    ],
    fields: Fields::None,
};

/// Why a card is refused.
pub const LISTS: &[Word] = &[
    word("lost", "Its holder has lost it: 41.", &[]),
    word("stolen", "It was stolen: 43.", &[]),
    word("blocked", "It is restricted: 62.", &[]),
];

/// Something goes wrong on purpose.
pub const FAULT: Verb = Verb {
    key: needed(
        "fault",
        Form::Word(&[
            word("delay", "A message arrives later.", &["on", "way", "only", "times", "by"]),
            word("drop", "It does not arrive.", &["on", "way", "only", "times"]),
            word("duplicate", "It arrives twice.", &["on", "way", "only", "times"]),
            word("reorder", "It arrives after the next one.", &["on", "way", "only", "times"]),
            word("corrupt", "Some of its bytes are others.", &["on", "way", "only", "times"]),
            word("truncate", "Its end is missing.", &["on", "way", "only", "times"]),
            word("reset", "The connection is closed at it.", &["on", "way", "only", "times"]),
            word("garbage", "Bytes that are no message come before it.", &["on", "way", "only", "times"]),
            word("throttle", "Only so many bytes a second get through.", &["on", "way", "only", "times", "rate"]),
            word("half-open", "Nothing gets through any more, and nobody is told.", &["on", "way", "only", "times"]),
            word("down", "The link is cut and cannot be made again.", &["on"]),
            word("up", "It can be made again, and is.", &["on"]),
            word("crash", "The switch loses all that is not durable and starts again.", &["on", "for"]),
            word("clear", "All faults end.", &[]),
        ]),
        "What goes wrong from here on.",
    ),
    keys: &[
        AS,
        key("on", Form::Text, "Whose link, a bank or a terminal by name; of a crash `switch`."),
        key("way", Form::Word(WAYS), "Which way; both if left out."),
        key("only", Form::Mti, "Only messages of this type."),
        key("times", Form::Number, "So many times; until it is cleared if left out."),
        key("by", Form::Duration, "How much later."),
        key("rate", Form::Number, "How many bytes a second."),
        key("for", Form::Duration, "After what time the switch starts again; 1s if left out."),
    ],
    fields: Fields::None,
};

/// Which way a fault lies in.
pub const WAYS: &[Word] =
    &[word("in", "Into the switch.", &[]), word("out", "Out of the switch.", &[]), word("both", "Both ways.", &[])];

/// Time passes.
pub const CLOCK: Verb = Verb {
    key: needed(
        "clock",
        Form::Clock(&[
            word("rest", "Until nothing is under way.", &[]),
            word("cutover", "Until the next business date opens.", &[]),
        ]),
        "How the clock goes on: by a length of time, until a date and time, or until something is so.",
    ),
    keys: &[AS],
    fields: Fields::None,
};

/// Something is to be so.
pub const ASSERT: Verb = Verb {
    key: needed(
        "assert",
        Form::Word(&[
            word("ledger", "An account at a bank.", &["bank", "card", "account", "currency", "balance", "held", "change"]),
            word("positions", "What a participant is owed.", &["participant", "currency", "date", "net"]),
            word("owed", "What is still to be told to a bank, or to all.", &["bank", "count"]),
            word("dead-letters", "What was owed to a bank and was given up.", &["count"]),
            word("hot-cards", "Cards that are refused.", &["count"]),
            word("overruled", "What stands although it was reversed.", &["count"]),
            word("holding", "Amounts that are held.", &["count"]),
            word("status", "How the switch sees a bank.", &["bank", "linked", "signed_off"]),
            word("business-date", "The open business date.", &["is"]),
            word("metric", "A figure of the switch's metrics.", &["name", "labels", "value"]),
            word("batch", "What has become of a payroll.", BATCH_KEYS),
            word("item", "What has become of one of its items.", &["of", "item", "state", "code", "returned"]),
        ]),
        "What is looked at.",
    ),
    keys: &[
        AS,
        key("bank", Form::Text, "Which bank, by name; of ledger the card's if left out, of owed all."),
        key("card", Form::Template, "Whose account, by the alias of a card."),
        key("account", Form::Template, "Which account, or which phone, by its number."),
        key("participant", Form::Text, "A bank by name, `switch`, `clearing`, or an institution's number."),
        key("currency", Form::Text, "In which currency."),
        key("date", Form::Date, "Of which business date; the open one if left out."),
        key("name", Form::Text, "Which metric."),
        key("labels", Form::Named, "Labels that it must have; where several have them, their sum is looked at."),
        key("balance", Form::Matcher, "What is booked: an amount, signed."),
        key("held", Form::Matcher, "What is held of it: an amount."),
        key("change", Form::Matcher, "What was booked since the scenario began: an amount, signed."),
        key("net", Form::Matcher, "What the participant is owed: an amount; negative, it owes."),
        key("count", Form::Matcher, "How many there are."),
        key("linked", Form::Matcher, "Whether a link to the bank is up: `true` or `false`."),
        key("signed_off", Form::Matcher, "Whether the bank has signed off, or was signed off."),
        key("is", Form::Matcher, "The date."),
        key("value", Form::Matcher, "Its value."),
        key("of", Form::Text, "The step that submitted the payroll; the last one if left out."),
        key("item", Form::Number, "Which of its items, from 1; 1 if left out."),
        key("state", Form::Matcher, "How it stands, see below."),
        key("code", Form::Matcher, "With which response code it was refused, or its funding."),
        key("paid", Form::Matcher, "What was paid and not taken back: an amount."),
        key("returned", Form::Matcher, "What was taken back: an amount."),
        key("rejected", Form::Matcher, "What was refused: an amount."),
        key("pending", Form::Matcher, "Of what the outcome is open: an amount."),
        key("paid_items", Form::Matcher, "How many items were paid."),
        key("returned_items", Form::Matcher, "Of how many something was taken back."),
        key("rejected_items", Form::Matcher, "How many were refused or cancelled."),
        key("pending_items", Form::Matcher, "Of how many the outcome is open."),
        key("credited_back", Form::Matcher, "What the payer has got back: an amount."),
        key("eventually", Form::Duration, "Wait so long for it, by the scenario's clock; at once if left out."),
    ],
    fields: Fields::None,
};

/// The words of a matcher. Each but `by` is a matcher.
pub const MATCHERS: &[Key] = &[
    key("echo", Form::Said, "What the request had in the same field; absent if it was absent there."),
    key("present", Form::Said, "Anything, but something."),
    key("absent", Form::Said, "Nothing: it is not there."),
    key("optional", Form::Template, "This value, or nothing."),
    key("regex", Form::Text, "A text in which this regular expression finds something."),
    key("in", Form::Values, "One of these values."),
    key("range", Form::Values, "From the first value to the second, both included."),
    key("near", Form::Template, "At most as far from this value as `by` says."),
    key("ignore", Form::Said, "It is not looked at."),
];

/// What belongs to the matcher `near`.
pub const BY: Key = needed("by", Form::Template, "Of near: how far, an amount, a number, or for times a length of time.");

impl Verb {
    /// The words that its key takes.
    #[must_use]
    pub fn words(&self) -> &'static [Word] {
        match self.key.form {
            Form::Word(words) | Form::Sent(words) | Form::Message(words) | Form::Clock(words) => words,
            _ => &[],
        }
    }

    /// Whether a step that says this word may have this key.
    #[must_use]
    pub fn takes(&self, word: &str, key: &str) -> bool {
        let bound = self.words().iter().any(|it| it.keys.contains(&key));
        !bound || self.words().iter().any(|it| it.name == word && it.keys.contains(&key))
    }

    /// The keys of a step that says this word, beside the one that says it.
    #[must_use]
    pub fn keys_with(&self, word: &str) -> Vec<&'static str> {
        names(self.keys).into_iter().filter(|key| self.takes(word, key)).collect()
    }

    /// Every name that a step of this kind may have beside the key that makes it one.
    #[must_use]
    pub fn known(&self) -> Vec<&'static str> {
        let fields = fields::FIELDS.iter().filter(|field| match self.fields {
            Fields::None => false,
            Fields::Set => !field.part,
            Fields::Compared => true,
        });
        let mut known = names(self.keys);
        for field in fields {
            if !known.contains(&field.name) {
                known.push(field.name);
            }
        }
        known
    }
}

/// The names of keys.
#[must_use]
pub fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

/// The names of words.
#[must_use]
pub fn word_names(words: &[Word]) -> Vec<&'static str> {
    words.iter().map(|word| word.name).collect()
}

/// Everything that can be sent.
#[must_use]
pub fn sent() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.name()).chain(word_names(SENT)).collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use faults::Name;

    #[test]
    fn a_key_that_a_word_takes_is_a_key_of_its_step() {
        for verb in VERBS {
            for word in verb.words() {
                assert!(word.keys.iter().all(|key| names(verb.keys).contains(key)), "{} {}", verb.key.name, word.name);
            }
        }
        let of_links = Name::ALL.map(Name::word);
        assert_eq!(word_names(FAULT.words()), [&of_links[..], &["down", "up", "crash", "clear"]].concat());
    }
}
