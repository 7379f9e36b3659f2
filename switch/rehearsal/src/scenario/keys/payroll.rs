//! The keys and words of payrolls and of who and what a scenario's world knows: people, cards.
//!
//! Knows: as `keys`. Does not know: what a key does.

use super::{AS, Fields, Form, Key, Verb, Word, key, needed, word};

/// The keys of `[person.NAME]`.
pub const PERSON: &[Key] = &[
    key("bank", Form::Text, "Where the registry has the accounts: a bank by name; that of the card if left out."),
    key("khr", Form::Text, "The account in riel; that of the card if left out."),
    key("usd", Form::Text, "The account in dollars; that of the card if left out."),
    key("status", Form::Word(STATUSES), "How the person stands on the payroll; active if left out."),
    key("account_status", Form::Word(ACCOUNT_STATUSES), "How the registry has the accounts; open if left out."),
    key("at_bank", Form::Word(AT_BANK), "How the bank itself has an account that is no card's; open if left out."),
];

/// How a person stands on the payroll.
pub const STATUSES: &[Word] = &[
    word("active", "Is paid.", &[]),
    word("retired", "Is paid no longer.", &[]),
    word("resigned", "Is paid no longer.", &[]),
    word("unpaid-leave", "Is not paid for now.", &[]),
    word("deceased", "Is paid no longer.", &[]),
];

/// How an account stands in the registry.
pub const ACCOUNT_STATUSES: &[Word] =
    &[word("open", "Takes money.", &[]), word("closed", "Is no more.", &[]), word("blocked", "Takes none for now.", &[])];

/// How an account stands at its bank.
pub const AT_BANK: &[Word] = &[
    word("open", "It is there, with nothing on it.", &[]),
    word("closed", "It was closed: 78.", &[]),
    word("blocked", "It takes nothing for now: 77.", &[]),
    word("none", "The bank has no such account: 76.", &[]),
];

/// How a card stands in the switch's store.
pub const STANDINGS: &[Word] = &[
    word("registered", "Somebody has asked for it; there is none yet.", &[]),
    word("printed", "It was not handed over yet.", &[]),
    word("active", "It can be used.", &[]),
    word("blocked", "It is restricted.", &[]),
    word("lost", "Its holder has lost it.", &[]),
    word("stolen", "It was stolen.", &[]),
    word("expired", "Its ten years are over.", &[]),
    word("replaced", "Another has taken its place.", &[]),
];

/// Somebody at the treasury gives an order about a payroll.
pub const PAYROLL: Verb = Verb {
    key: needed(
        "payroll",
        Form::Word(&[
            word("submit", "Hands in a document, which is checked whole before anything moves.", SUBMIT_KEYS),
            word("approve", "Has it funded, and paid when its date comes.", &["of"]),
            word("cancel", "Stops it: all of it before it is approved, then what was not sent yet.", &["of"]),
            word(
                "recall",
                "Takes back what was paid too much, up to what the account holds.",
                &["of", "item", "amount", "cause"],
            ),
            word("credit-back", "Tries again what the payer's bank has refused to take back.", &["of"]),
            word("register", "Has the registry say something else of a person.", REGISTER_KEYS),
            word("settle", "Says what became of an item that was given up.", &["of", "item", "paid"]),
        ]),
        "What is done with a payroll, as with `payswitch payroll`.",
    ),
    keys: &[
        AS,
        key("items", Form::Items, "Whom it pays, one table each, see below; a document is made of them."),
        key("document", Form::Text, "Or a document that is there, beside the scenario's file."),
        key("form", Form::Word(FORMS), "How the document is written; pain.001 if left out."),
        key("message", Form::Template, "What the document calls itself (MsgId); a name of its own if left out."),
        key("payer", Form::Template, "Who pays; MEF, the treasury, if left out."),
        key("bank", Form::Text, "The bank of the payer's account, by name; acleda if left out. Of register: the person's."),
        key("account", Form::Template, "The payer's account; that of the treasury in the currency if left out."),
        key("pays_on", Form::Template, "When it is to be paid; on the day it is submitted if left out."),
        key("of", Form::Text, "The step that submitted it; the last one if left out."),
        key("item", Form::Number, "Which of its items, from 1; 1 if left out."),
        key("amount", Form::Template, "How much is to come back."),
        key(
            "person",
            Form::Text,
            "Of whom: the alias of a card, or a `[person.NAME]`. The other keys are those of that section.",
        ),
        key("khr", Form::Text, "The account in riel; as it was if left out."),
        key("usd", Form::Text, "The account in dollars; as it was if left out."),
        key("status", Form::Word(STATUSES), "How the person stands on the payroll; as it was if left out."),
        key("account_status", Form::Word(ACCOUNT_STATUSES), "How the registry has the accounts; as it was if left out."),
        key("cause", Form::Text, "Why, as a code of ISO 20022; AM09, a wrong amount, if left out."),
        key("paid", Form::Truth, "Whether it was paid after all."),
        key("operator", Form::Template, "Who orders it; director of approve, clerk of all else, if left out."),
        key("reason", Form::Template, "Why; rehearsal if left out."),
        key("refused", Form::Matcher, "It is to be refused with this text; carried out if left out."),
        key("code", Form::Matcher, "It is to be refused: the reason code of the first fault."),
        key("line", Form::Matcher, "It is to be refused: the line of the document in which the first fault is."),
        key("field", Form::Matcher, "It is to be refused: the field that is at fault, as the document calls it."),
        key("faults", Form::Matcher, "It is to be refused: how many faults are found in all."),
    ],
    fields: Fields::None,
};

/// What only a submission takes.
const SUBMIT_KEYS: &[&str] =
    &["items", "document", "form", "message", "payer", "bank", "account", "pays_on", "code", "line", "field", "faults"];

/// What only a change of the registry takes.
const REGISTER_KEYS: &[&str] = &["person", "bank", "khr", "usd", "status", "account_status"];

/// How a document of a payroll is written.
pub const FORMS: &[Word] = &[word("pain.001", "ISO 20022, in XML.", &[]), word("csv", "Lines with commas.", &[])];

/// The keys of an item of a payroll.
pub const ITEM: &[Key] = &[
    key("person", Form::Text, "Who is paid: the alias of a card, or a `[person.NAME]`; the registry says how and where."),
    key("employee", Form::Template, "Another civil servant's number than that of the person."),
    key("bank", Form::Text, "Another bank than that of the person, by name."),
    key("account", Form::Template, "Another account than that of the person."),
    needed("amount", Form::Template, "How much, with its currency."),
    key("id", Form::Template, "Its EndToEndId; one of its own if left out."),
    key("purpose", Form::Text, "For what it is (Purp/Cd); SALA, salary, if left out."),
];

/// What can be said of a payroll.
pub(super) const BATCH_KEYS: &[&str] = &[
    "of",
    "state",
    "code",
    "paid",
    "returned",
    "rejected",
    "pending",
    "paid_items",
    "returned_items",
    "rejected_items",
    "pending_items",
    "credited_back",
];

/// How a payroll can stand.
pub const BATCH_STATES: &[Word] = &[
    word("submitted", "It was checked and waits for approval.", &[]),
    word("funding", "The payer's bank is asked.", &[]),
    word("unfunded", "The payer's bank has refused, or is silent; it can be approved again.", &[]),
    word("approved", "It is funded and waits for its date.", &[]),
    word("running", "It is being paid.", &[]),
    word("part", "It is at rest, and some items wait for a bank or an outcome.", &[]),
    word("done", "Every item has its outcome, and the payer has got back what was not paid.", &[]),
    word("cancelled", "It was stopped before anything moved.", &[]),
];

/// How an item can stand.
pub const ITEM_STATES: &[Word] = &[
    word("waiting", "It was not sent.", &[]),
    word("sent", "Its bank is asked.", &[]),
    word("unknown", "Its outcome is being found out, or was given up.", &[]),
    word("paid", "It was paid.", &[]),
    word("returned", "Some or all of it was taken back.", &[]),
    word("rejected", "Its bank has refused it.", &[]),
    word("cancelled", "It was stopped before it was sent.", &[]),
];
