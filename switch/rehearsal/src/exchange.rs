//! What a terminal sent and what came back.

use std::fmt;
use std::time::Duration;

use bank_adapters::{AmountType, Balance, Sign};
use model::{Currency, LocalDate, Message, Money, Mti, Pan, ResponseCode, Rrn, Stan, Text, TransmissionTime};
use wire::{Dialect, ParseError, describe};

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request's bytes, its frame left out. Hold an unmasked card number: show them by [`Exchange::text`].
    pub sent: Vec<u8>,
    /// The answer's bytes likewise.
    pub received: Vec<u8>,
    /// From handing the request over to reading the answer.
    pub took: Duration,
    /// The answer.
    pub reply: Reply,
}

impl Exchange {
    /// Both messages, a line per field, card numbers masked and secrets withheld. `dialect` is the terminal's.
    #[must_use]
    pub fn text(&self, dialect: &Dialect) -> String {
        let [sent, received] = [&self.sent, &self.received].map(|body| describe::text(dialect, body, false));
        format!("{sent}\n{received}")
    }
}

/// An answer, in owned and typed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Message type.
    pub mti: Mti,
    /// DE39.
    pub code: ResponseCode,
    /// DE38.
    pub authorization: Option<Text<6>>,
    /// DE4 in DE49: what was approved, where less than was asked for.
    pub amount: Option<Money>,
    /// DE54; empty where there is none or it is not well formed.
    pub balances: Vec<Balance>,
    /// DE28 in DE49: what the holder was charged beside the amount.
    pub fee: Option<Money>,
    /// DE34: the card that was issued.
    pub issued: Option<Pan>,
    /// DE48 as text: a mini-statement's lines.
    pub text: Option<String>,
    /// DE37.
    pub rrn: Option<Rrn>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE7.
    pub transmitted: Option<TransmissionTime>,
    /// DE15, whose day's settlement it belongs to.
    pub business_date: Option<LocalDate>,
    /// DE44: in a 30 the field at fault.
    pub remark: Option<Text<25>>,
}

impl Reply {
    /// The answer in this message; `None` where it has no DE39, so that it answers nothing.
    #[must_use]
    pub fn of(message: &Message<'_>) -> Option<Self> {
        Some(Self {
            mti: message.mti,
            code: message.code?,
            authorization: message.authorization,
            amount: message.amount.zip(message.currency).map(|(minor, currency)| Money::from_minor(minor, currency)),
            balances: message.balances.and_then(|it| Balance::parse(&wire::octets(it)?)).unwrap_or_default(),
            fee: message.fee.zip(message.currency).map(|(minor, currency)| Money::from_minor(minor, currency)),
            issued: message.issued,
            text: message.additional.and_then(|it| String::from_utf8(wire::octets(it)?.into_owned()).ok()),
            rrn: message.rrn,
            stan: message.stan,
            transmitted: message.transmitted,
            business_date: message.business_date,
            remark: message.remark,
        })
    }

    /// What may be spent, in minor units and negative where overdrawn: the available balance, else the ledger balance.
    #[must_use]
    pub fn balance(&self, currency: Currency) -> Option<i64> {
        let of = |which| self.balances.iter().find(|it| it.amount_type == which && it.amount.currency() == currency);
        let found = of(AmountType::Available).or_else(|| of(AmountType::Ledger))?;
        let minor = i64::try_from(found.amount.minor()).ok()?;
        Some(if found.sign == Sign::Debit { -minor } else { minor })
    }
}

impl fmt::Display for Reply {
    /// `approved (00), authorization A1B2C3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code.meaning().unwrap_or("unknown response code"), self.code)?;
        if let Some(authorization) = self.authorization {
            write!(f, ", authorization {authorization}")?;
        }
        if let Some(remark) = self.remark {
            write!(f, ", {remark}")?;
        }
        Ok(())
    }
}

/// A message that nobody waited for, or no longer.
#[derive(Clone, Debug)]
pub struct Unmatched {
    /// Its bytes, its frame left out.
    pub received: Vec<u8>,
    /// What it says, where it can be read and is an answer; else what is wrong with it.
    pub reply: Result<Reply, Option<ParseError>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_balance_is_what_may_be_spent() {
        let khr = Currency::from_alpha("KHR").unwrap();
        let booked = Balance::of(900, khr, AmountType::Ledger);
        let spendable = Balance::of(-50, khr, AmountType::Available);
        let field = Balance::render(&[booked, spendable]);
        let told = Message {
            code: Some(ResponseCode::APPROVED),
            balances: Some(model::Content::ascii(field.as_bytes())),
            ..Message::new(Mti::FINANCIAL_RESPONSE)
        };
        let reply = Reply::of(&told).unwrap();
        assert_eq!((reply.balance(khr), reply.balance(Currency::from_alpha("USD").unwrap())), (Some(-50), None));
        assert_eq!(reply.to_string(), "approved (00)");
        assert_eq!(Reply::of(&Message { code: None, ..told }), None);
    }
}
