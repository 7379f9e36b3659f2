//! `payswitch send`: one transaction by hand, shown as it went over the wire.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bank_adapters::Cast;
use clap::{Args, ValueEnum};
use model::{Currency, InstitutionId, Kind, Message, Money, Mti, NetworkCode, Pan, Text};
use rehearsal::{Exchange, Terminal, TerminalConfig};
use server::config::dialect;
use wire::{Framing, describe};

use super::{Failure, block_on};

/// What can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Cash at an ATM.
    #[value(alias = "withdrawal")] // As scenarios, mixes and metrics call it.
    Withdraw,
    /// Goods at a counter.
    Purchase,
    /// Cash paid in.
    Deposit,
    /// A purchase given back.
    Refund,
    /// What is on the account.
    Balance,
    /// A salary, to the card's account.
    Salary,
    /// The last few postings on the account.
    MiniStatement,
    /// Money to another account: --to ACCOUNT, --at BANK.
    Transfer,
    /// Credit for a phone: --to NUMBER, --at OPERATOR.
    TopUp,
    /// A virtual card on the card's account.
    VirtualCard,
    /// A purchase that is authorized, so that its amount is held, and then its completion for --stands, or for all.
    Hold,
    /// A purchase that happened while the terminal was offline.
    Advice,
    /// A purchase, and then its reversal.
    Reversal,
    /// Is anybody there?
    Echo,
    /// Sign the terminal's link on.
    SignOn,
}

/// `payswitch send`
#[derive(Args)]
pub(super) struct Send {
    what: What,
    /// Whose card, by its alias: dara, bopha, vanna, … (fixtures/cards.toml). Or a card's number, or `-` to read that from standard
    /// input, where no shell remembers it.
    #[arg(long, default_value = "dara")]
    card: String,
    /// The last month (YYMM) of a card that is given by its number.
    #[arg(long, value_name = "YYMM", default_value_t = 3212)]
    expiry: u16,
    /// How much, in major units: 50000 riel, 12.50 dollars.
    #[arg(long, default_value = "10000")]
    amount: String,
    /// KHR or USD.
    #[arg(long, default_value = "KHR")]
    currency: String,
    /// The account that receives a transfer, or the phone that is topped up.
    #[arg(long, value_name = "NUMBER", default_value = "001234567")]
    to: String,
    /// The bank or operator of the receiver, by its name.
    #[arg(long, value_name = "NAME", default_value = "smart")]
    at: String,
    /// What stands of a reversed purchase, or is taken of a held amount, in major units; nothing or all where left out.
    #[arg(long, value_name = "AMOUNT")]
    stands: Option<String>,
    /// Where the switch listens for terminals.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8583")]
    connect: String,
    /// How its messages are laid out.
    #[arg(long, default_value = "iso87-ascii")]
    dialect: String,
    /// How its messages are cut from the stream: 2-byte, 4-digit, "2-byte tpdu", …
    #[arg(long, default_value = "2-byte")]
    framing: Framing,
    /// The terminal's name (DE41), eight characters at most.
    #[arg(long, default_value = "HAND0001")]
    terminal: String,
    /// Whose terminal it is (DE32), by its institution's number: 116001 is ACLEDA. Left out, the link's own institution counts.
    #[arg(long, value_name = "NUMBER", value_parser = institution)]
    institution: Option<InstitutionId>,
    /// Cards and accounts; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 40)]
    wait: u64,
}

fn institution(text: &str) -> Result<InstitutionId, String> {
    let number = text.parse().ok().filter(|_| text.len() <= 11);
    number.and_then(InstitutionId::new).ok_or_else(|| format!("{text:?} is no institution; write 1 to 11 digits"))
}

impl Send {
    /// A virtual card on this card, asked for at a machine of this institution.
    pub(super) fn virtual_card(card: Pan, expiry: u16, institution: InstitutionId, connect: String) -> Self {
        let digits = card.digits().as_ref().iter().map(|digit| char::from(*digit)).collect();
        Self {
            what: What::VirtualCard,
            card: digits,
            expiry,
            amount: "0".into(),
            currency: "KHR".into(),
            to: String::new(),
            at: String::new(),
            stands: None,
            connect,
            dialect: "iso87-ascii".into(),
            framing: Framing::default(),
            terminal: "ATM00001".into(),
            institution: Some(institution),
            cast: None,
            wait: 40,
        }
    }

    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let dialect = dialect(&self.dialect)?;
        let currency = Currency::from_alpha(&self.currency.to_uppercase())
            .ok_or_else(|| format!("ISO 4217 has no currency {:?}; write KHR or USD", self.currency))?;
        let amount = Money::from_major(&self.amount, currency)?;
        let stands = self.stands.as_deref().map(|text| Money::from_major(text, currency)).transpose()?;
        let cast = self.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?;
        block_on(async {
            let named = TerminalConfig::named(&self.terminal);
            let institution = self.institution.or(named.institution);
            let config = TerminalConfig { dialect, framing: self.framing, institution, ..named };
            let terminal = Terminal::connect(self.connect.as_str(), config).await?;
            let hand = Hand { terminal, wait: Duration::from_secs(self.wait) };
            let given;
            let card = if self.card == "-" || self.card.bytes().all(|byte| byte.is_ascii_digit()) {
                let pan = Pan::from_digits(super::order::number(&self.card)?.as_bytes())?;
                given =
                    cast.given(pan, self.expiry).ok_or("--card: no bank has a card of that number; --expiry is written YYMM")?;
                &given
            } else {
                cast.card(&self.card)?
            };
            let approved = match self.what {
                What::Withdraw => hand.ask(&hand.terminal.request(Kind::Withdrawal, card, amount)).await?,
                What::Purchase => hand.ask(&hand.terminal.request(Kind::Purchase, card, amount)).await?,
                What::Deposit => hand.ask(&hand.terminal.request(Kind::Deposit, card, amount)).await?,
                What::Refund => hand.ask(&hand.terminal.request(Kind::Refund, card, amount)).await?,
                What::Balance => hand.ask(&hand.terminal.balance(card, currency)).await?,
                What::Salary => {
                    let account = card.account(currency);
                    let account = account.ok_or_else(|| format!("{} has no account in {currency}", self.card))?;
                    let bank = cast.bank(&card.bank)?.institution;
                    hand.ask(&hand.terminal.salary(bank, account.number, amount)).await?
                }
                What::MiniStatement => hand.ask(&hand.terminal.request(Kind::MiniStatement, card, amount)).await?,
                What::VirtualCard => hand.ask(&hand.terminal.request(Kind::VirtualCard, card, amount)).await?,
                What::Advice => hand.ask(&hand.terminal.advice(Kind::Purchase, card, amount)).await?,
                What::Transfer | What::TopUp => {
                    let receiver = cast.bank(&self.at)?.institution;
                    let to = Text::new(self.to.as_bytes()).ok_or("--to takes at most 28 characters")?;
                    let terminal = &hand.terminal;
                    let message = match self.what {
                        What::Transfer => terminal.transfer(card, receiver, to, amount),
                        _ => terminal.top_up(card, receiver, to, amount),
                    };
                    hand.ask(&message).await?
                }
                What::Hold => {
                    let hold = hand.terminal.authorization(card, amount);
                    hand.ask(&hold).await?;
                    hand.ask(&hand.terminal.completion(&hold, stands.unwrap_or(amount))).await?
                }
                What::Reversal => {
                    let purchase = hand.terminal.request(Kind::Purchase, card, amount);
                    hand.ask(&purchase).await?;
                    let stands = stands.map(Money::minor);
                    hand.ask(&hand.terminal.reversal(&purchase, Mti::REVERSAL_REQUEST, stands)).await?
                }
                What::Echo => hand.show(&hand.terminal.network(NetworkCode::Echo, hand.wait).await?),
                What::SignOn => hand.show(&hand.terminal.network(NetworkCode::SignOn, hand.wait).await?),
            };
            Ok(if approved { ExitCode::SUCCESS } else { ExitCode::from(2) })
        })
    }
}

/// A terminal in somebody's hand: what it sends is seen at once, also where no answer comes.
struct Hand {
    terminal: Terminal,
    wait: Duration,
}

impl Hand {
    /// Sends, prints the exchange, and says whether it was approved.
    async fn ask(&self, message: &Message<'static>) -> Result<bool, Failure> {
        match self.terminal.ask(message, self.wait).await {
            Ok(exchange) => Ok(self.show(&exchange)),
            Err(error) => Err(match message.rrn {
                Some(rrn) => format!("{error}\nwhat became of it: payswitch why {rrn}").into(),
                None => error.into(),
            }),
        }
    }

    fn show(&self, exchange: &Exchange) -> bool {
        let dialect = &self.terminal.config().dialect;
        println!("→ sent\n{}", indented(&describe::text(dialect, &exchange.sent, false)));
        println!(
            "← received after {:.1} ms\n{}",
            exchange.took.as_secs_f64() * 1000.0,
            indented(&describe::text(dialect, &exchange.received, false))
        );
        let reply = &exchange.reply;
        println!("{} {}", reply.code, reply.code.meaning().unwrap_or("(a code this switch does not know)"));
        if let Some(rrn) = reply.rrn {
            println!("its whole story: payswitch why {rrn}");
        }
        reply.code.approves()
    }
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "  " + line + "\n")
}
