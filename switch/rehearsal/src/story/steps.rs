//! The ten steps. Each looks at what it finds, does its part, and looks again.

use bank_adapters::Card;
use model::{Currency, Kind, Money, Mti, NetworkCode, ResponseCode};
use tokio::time::{Instant, sleep};

use super::stage::{LOOK_EVERY, Place, Stage, Trouble, money, must_be};
use super::{StoryTimers, shown};
use crate::{Error, Reply};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// One part of the story.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Withdrawal,
    Purchase,
    NotEnough,
    SentTwice,
    SilentBank,
    Deposit,
    Salary,
    Refund,
    Reversals,
    Network,
}

impl Part {
    pub(super) const ALL: [Self; 10] = [
        Self::Withdrawal,
        Self::Purchase,
        Self::NotEnough,
        Self::SentTwice,
        Self::SilentBank,
        Self::Deposit,
        Self::Salary,
        Self::Refund,
        Self::Reversals,
        Self::Network,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Withdrawal => "Dara takes 50 000 riel at a cash machine; ACLEDA, the card's bank, is asked",
            Self::Purchase => "Bopha pays 12.50 dollars in a shop; Canadia is asked",
            Self::NotEnough => "Thida wants 200 000 riel, more than there is on the account",
            Self::SentTwice => "The cash machine missed the answer and sends Dara's withdrawal of 20 000 riel again",
            Self::SilentBank => "A bank books a withdrawal of 20 000 riel, and its answer is lost on the way",
            Self::Deposit => "Vanna puts 100 000 riel into a cash machine",
            Self::Salary => "Vanna's salary arrives, 800 000 riel and 200 dollars, and is taken at a cash machine",
            Self::Refund => "Bopha brings something back and gets 12.50 dollars",
            Self::Reversals => "A shop takes back one purchase of Bopha's wholly, and another but for 15 dollars",
            Self::Network => "The cash machine signs on, and asks whether the switch is there",
        }
    }

    pub(super) fn expected(self, timers: &StoryTimers) -> String {
        match self {
            Self::Withdrawal | Self::Purchase => "approved (00), with an authorization".into(),
            Self::NotEnough => "not sufficient funds (51)".into(),
            Self::SentTwice => "both times the same approval, and the money is taken once".into(),
            Self::SilentBank => format!(
                "issuer or switch unavailable (91) after the bank's time of {}, then the money is back without anybody's doing",
                shown(timers.bank)
            ),
            Self::Deposit => "approved (00), and the balance is higher by the amount".into(),
            Self::Salary => "four approvals (00), and both balances as before".into(),
            Self::Refund => "approved (00), and the balance is higher by the amount".into(),
            Self::Reversals => "approved (00) each, the first purchase is undone, 15.00 USD stand of the second".into(),
            Self::Network => "approved (00) twice".into(),
        }
    }

    /// Plays it and tells what came.
    pub(super) async fn play(self, stage: &mut Stage<'_>) -> Result<String, Trouble> {
        match self {
            Self::Withdrawal => {
                let amount = of("50000", "KHR")?;
                authorized(&asked(stage, Place::Atm, Kind::Withdrawal, "dara", amount, APPROVED).await?)
            }
            Self::Purchase => {
                let amount = of("12.50", "USD")?;
                authorized(&asked(stage, Place::Shop, Kind::Purchase, "bopha", amount, APPROVED).await?)
            }
            Self::NotEnough => {
                let (amount, short) = (of("200000", "KHR")?, ResponseCode::NOT_SUFFICIENT_FUNDS);
                Ok(asked(stage, Place::Atm, Kind::Withdrawal, "thida", amount, short).await?.to_string())
            }
            Self::SentTwice => sent_twice(stage).await,
            Self::SilentBank => silent_bank(stage).await,
            Self::Deposit => paid_in(stage, Place::Atm, Kind::Deposit, "vanna", of("100000", "KHR")?).await,
            Self::Salary => salary(stage).await,
            Self::Refund => paid_in(stage, Place::Shop, Kind::Refund, "bopha", of("12.50", "USD")?).await,
            Self::Reversals => reversals(stage).await,
            Self::Network => network(stage).await,
        }
    }
}

fn of(major: &str, currency: &str) -> Result<Money, Trouble> {
    let currency = Currency::from_alpha(currency).ok_or(Error::Unsuitable("a currency of the story is none of ISO 4217"))?;
    Ok(Money::from_major(major, currency).map_err(|_| Error::Unsuitable("an amount of the story is none"))?)
}

fn minor(amount: Money) -> i64 {
    i64::try_from(amount.minor()).unwrap_or(i64::MAX)
}

async fn asked(
    stage: &mut Stage<'_>,
    place: Place,
    kind: Kind,
    alias: &str,
    amount: Money,
    code: ResponseCode,
) -> Result<Reply, Trouble> {
    let (card, terminal) = (stage.card(alias)?, stage.at(place).await?);
    stage.ask_for(code, &terminal, &terminal.request(kind, card, amount)).await
}

fn authorized(reply: &Reply) -> Result<String, Trouble> {
    match reply.authorization {
        Some(_) => Ok(reply.to_string()),
        None => Err(Trouble::Unexpected(format!("{reply}, without an authorization"))),
    }
}

async fn sent_twice(stage: &mut Stage<'_>) -> Result<String, Trouble> {
    let (card, amount) = (stage.card("dara")?, of("20000", "KHR")?);
    let before = stage.balance(card, amount.currency()).await?;
    let atm = stage.at(Place::Atm).await?;
    let request = atm.request(Kind::Withdrawal, card, amount);
    let first = stage.ask_for(APPROVED, &atm, &request).await?;
    let second = stage.ask_for(APPROVED, &atm, &atm.repeat(&request)).await?;
    if first.authorization != second.authorization {
        return Err(Trouble::Unexpected(format!("first {first}, then {second}")));
    }
    let after = changed(stage, card, amount.currency(), before - minor(amount)).await?;
    let fees = stage.fees(amount.currency());
    Ok(format!("twice {first}; {} before, {after} after{fees}", money(before, amount.currency())))
}

/// Looks again, and tells the balance if it is what it must be.
async fn changed(stage: &mut Stage<'_>, card: &Card, currency: Currency, to: i64) -> Result<String, Trouble> {
    let after = stage.balance(card, currency).await?;
    if after == to { Ok(money(after, currency)) } else { Err(must_be(to, after, currency)) }
}

/// The card's bank answers nothing the first time, inquiries too; so what it booked is read in its books.
async fn silent_bank(stage: &mut Stage<'_>) -> Result<String, Trouble> {
    let (story, card, amount) = (stage.story(), stage.card("mute")?, of("20000", "KHR")?);
    let currency = amount.currency();
    let before = story.booked(card, currency);
    let atm = stage.at(Place::Atm).await?;
    let request = atm.request(Kind::Withdrawal, card, amount);
    let began = Instant::now();
    let (reply, lowest) = {
        let answer = stage.ask_for(ResponseCode::BANK_UNAVAILABLE, &atm, &request);
        tokio::pin!(answer);
        let mut lowest = before;
        loop {
            tokio::select! {
                reply = &mut answer => break (reply?, lowest),
                () = sleep(LOOK_EVERY) => lowest = story.booked(card, currency).min(lowest),
            }
        }
    };
    let took = began.elapsed();
    if took < stage.timers().bank / 2 {
        let early = format!("{reply} after {} already: the bank was not waited for, is its link up?", shown(took));
        return Err(Trouble::Unexpected(early));
    }
    let (Some(before), Some(lowest)) = (before, lowest) else {
        return Ok(format!("{reply} after {}; the bank's books were not looked at", shown(took)));
    };
    stage.is_booked(card, currency, before).await?;
    let [before, lowest] = [before, lowest].map(|balance| money(balance, currency));
    Ok(format!("{reply} after {}; {before} before, {lowest} meanwhile, {before} after", shown(took)))
}

async fn paid_in(stage: &mut Stage<'_>, place: Place, kind: Kind, alias: &str, amount: Money) -> Result<String, Trouble> {
    let (card, currency) = (stage.card(alias)?, amount.currency());
    let before = stage.balance(card, currency).await?;
    let reply = asked(stage, place, kind, alias, amount, APPROVED).await?;
    let after = changed(stage, card, currency, before + minor(amount)).await?;
    Ok(format!("{reply}; {} before, {after} after{}", money(before, currency), stage.fees(currency)))
}

async fn salary(stage: &mut Stage<'_>) -> Result<String, Trouble> {
    let card = stage.card("vanna")?;
    let bank = stage.story().cast.bank(&card.bank).map_err(Error::from)?.institution;
    let amounts = [of("800000", "KHR")?, of("200", "USD")?];
    for amount in amounts {
        let currency = amount.currency();
        let before = stage.balance(card, currency).await?;
        let account = card.account(currency).ok_or(Error::Unsuitable("vanna has no account in riel or none in dollars"))?;
        let payroll = stage.at(Place::Payroll).await?;
        stage.ask_for(APPROVED, &payroll, &payroll.salary(bank, account.number, amount)).await?;
        changed(stage, card, currency, before + minor(amount)).await?;
        asked(stage, Place::Atm, Kind::Withdrawal, "vanna", amount, APPROVED).await?;
        changed(stage, card, currency, before).await?;
    }
    let [riel, dollars] = amounts;
    let fees = amounts.map(|amount| stage.fees(amount.currency())).concat();
    Ok(format!("approved (00) four times: {riel} and {dollars} arrived and were taken{fees}"))
}

async fn reversals(stage: &mut Stage<'_>) -> Result<String, Trouble> {
    let (card, whole, part, stands) = (stage.card("bopha")?, of("30", "USD")?, of("40", "USD")?, of("15", "USD")?);
    let currency = whole.currency();
    let before = stage.balance(card, currency).await?;
    let shop = stage.at(Place::Shop).await?;
    let purchase = shop.request(Kind::Purchase, card, whole);
    stage.ask_for(APPROVED, &shop, &purchase).await?;
    stage.ask_for(APPROVED, &shop, &shop.reversal(&purchase, Mti::REVERSAL_ADVICE, None)).await?;
    stage.settles(card, currency, before).await?;

    let purchase = shop.request(Kind::Purchase, card, part);
    stage.ask_for(APPROVED, &shop, &purchase).await?;
    stage.ask_for(APPROVED, &shop, &shop.reversal(&purchase, Mti::REVERSAL_REQUEST, Some(stands.minor()))).await?;
    stage.settles(card, currency, before - minor(stands)).await?;
    Ok(format!("approved (00) each; of {whole} nothing stands, of {part} {stands}"))
}

async fn network(stage: &mut Stage<'_>) -> Result<String, Trouble> {
    let atm = stage.at(Place::Atm).await?;
    for code in [NetworkCode::SignOn, NetworkCode::Echo] {
        stage.ask_for(APPROVED, &atm, &atm.network_request(code)).await?;
    }
    Ok("approved (00) twice".into())
}
