//! The body of `POST /orders`.

use crate::Trouble;
use crate::given::Given;

/// What an operator orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who orders it.
    pub operator: String,
    /// Why; empty where nobody says.
    pub reason: String,
    /// What.
    pub what: What,
}

/// The orders there are.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// `cutover`
    Cutover,
    /// `sign-off`
    SignOff {
        /// A bank's name or institution number.
        bank: String,
    },
    /// `sign-on`
    SignOn {
        /// A bank's name or institution number.
        bank: String,
    },
    /// `retry`
    Retry {
        /// A leg on the dead-letter list.
        leg: String,
    },
    /// `discard`
    Discard {
        /// A leg on the dead-letter list.
        leg: String,
    },
    /// `block`
    Block {
        /// A card number.
        card: String,
        /// On which list: `lost`, `stolen` or `blocked`.
        list: String,
    },
    /// `unblock`
    Unblock {
        /// A card number.
        card: String,
    },
    /// `replace`
    Replace {
        /// A card number.
        card: String,
        /// On which list the old card is put: `lost`, `stolen` or `blocked`.
        list: String,
    },
}

/// Every order's name.
pub const ORDERS: [&str; 8] = ["cutover", "sign-off", "sign-on", "retry", "discard", "block", "unblock", "replace"];
const FIELDS: [&str; 7] = ["operator", "reason", "order", "bank", "leg", "card", "list"];

impl What {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cutover => "cutover",
            Self::SignOff { .. } => "sign-off",
            Self::SignOn { .. } => "sign-on",
            Self::Retry { .. } => "retry",
            Self::Discard { .. } => "discard",
            Self::Block { .. } => "block",
            Self::Unblock { .. } => "unblock",
            Self::Replace { .. } => "replace",
        }
    }
}

impl std::fmt::Debug for What {
    /// Its name alone: a card number is shown nowhere.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Order {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Trouble::Unfit`] with the field at fault. No value is repeated in it.
    pub fn read(body: &[u8]) -> Result<Self, Trouble> {
        let mut given = Given::read(body, "order", &FIELDS, "{\"operator\": \"sovann\", \"order\": \"cutover\"}")?;
        let operator = given.needed("operator")?;
        let reason = given.text("reason")?.unwrap_or_default();
        let order = given.needed("order")?;
        let what = match order.as_str() {
            "cutover" => What::Cutover,
            "sign-off" => What::SignOff { bank: given.needed("bank")? },
            "sign-on" => What::SignOn { bank: given.needed("bank")? },
            "retry" => What::Retry { leg: given.needed("leg")? },
            "discard" => What::Discard { leg: given.needed("leg")? },
            "block" | "replace" => {
                let list = given.text("list")?.unwrap_or_else(|| "blocked".to_owned());
                let card = given.needed("card")?;
                if order == "block" { What::Block { card, list } } else { What::Replace { card, list } }
            }
            "unblock" => What::Unblock { card: given.needed("card")? },
            _ => return Err(Trouble::unfit("order", format!("there is no such order; known: {}", ORDERS.join(", ")))),
        };
        given.nothing_more(what.name())?;
        Ok(Self { operator, reason, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_with_what_belongs_to_it() {
        let read = |body: &str| Order::read(body.as_bytes());
        let cutover = Order { operator: "sovann".into(), reason: String::new(), what: What::Cutover };
        assert_eq!(read(r#"{"operator": "sovann", "order": "cutover", "bank": null}"#), Ok(cutover));
        let block = read(r#"{"operator": "sovann", "reason": "found", "order": "block", "card": "9116010000000019"}"#).unwrap();
        assert_eq!(block.what, What::Block { card: "9116010000000019".into(), list: "blocked".into() });
        assert!(!format!("{block:?}").contains("0019"), "{block:?}");
    }

    #[test]
    fn what_is_no_order_is_refused_with_its_field_and_never_repeats_a_value() {
        for (body, field) in [
            ("", "body"),
            ("[\"9116010000000019\"]", "body"),
            ("{\"operator\": \"s\", 9116010000000019}", "body"),
            (r#"{"operator": "s", "order": "block", "9116010000000019": 1}"#, "body"),
            (r#"{"order": "cutover"}"#, "operator"),
            (r#"{"operator": " ", "order": "cutover"}"#, "operator"),
            (r#"{"operator": "s"}"#, "order"),
            (r#"{"operator": "s", "order": "9116010000000019"}"#, "order"),
            (r#"{"operator": "s", "order": "sign-off"}"#, "bank"),
            (r#"{"operator": "s", "order": "retry", "leg": 9116010000000019}"#, "leg"),
            (r#"{"operator": "s", "order": "block", "card": 9116010000000019}"#, "card"),
            (r#"{"operator": "s", "order": "cutover", "card": "9116010000000019"}"#, "card"),
        ] {
            let Err(Trouble::Unfit(problem)) = Order::read(body.as_bytes()) else { panic!("taken: {body}") };
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
            assert!(!problem.problem.contains("0019"), "{}", problem.problem);
        }
    }
}
