//! Terminals that keep a switch busy, and remember faithfully what they sent and what they saw answered.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use bank_adapters::{Card, Cast};
use model::{Kind, Message, Money, Mti, Stan};
use rehearsal::{Reply, Terminal, TerminalConfig};
use tokio::task::JoinSet;

use super::audit::{Seen, Sent};
use super::journal::{Name, Told};
use crate::harness::PATIENCE;

/// What is asked, as often as it stands here.
const MIX: [Kind; 10] = [
    Kind::Withdrawal,
    Kind::Withdrawal,
    Kind::Purchase,
    Kind::Purchase,
    Kind::Deposit,
    Kind::Deposit,
    Kind::Refund,
    Kind::Salary,
    Kind::Salary,
    Kind::Balance,
];

/// Numbers at random from a seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(sides).expect("fits")).expect("fits")
    }
}

/// Trace numbers (DE11) for the whole test. Terminals' own begin anywhere at each connection, and might meet those of a moment ago.
#[derive(Debug, Default)]
pub(super) struct Numbers(AtomicU32);

impl Numbers {
    pub(super) fn put_on(&self, message: Message<'static>) -> Message<'static> {
        Message { stan: Stan::new(self.0.fetch_add(1, Ordering::Relaxed) % Stan::MAX + 1), ..message }
    }
}

/// A message that was sent, and where an answer to its repeat would come.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Which of the [`TERMINALS`].
    pub(super) terminal: usize,
    pub(super) message: Message<'static>,
}

impl Asked {
    pub(super) fn name(&self) -> Name {
        let Message { terminal, rrn, stan, .. } = self.message;
        Name {
            terminal: terminal.expect("is set").to_string().trim().to_owned(),
            rrn: rrn.expect("is set").to_string().trim().to_owned(),
            stan: stan.expect("is set").to_string(),
        }
    }

    pub(super) fn is_reversal(&self) -> bool {
        self.message.mti.class() == Mti::REVERSAL_ADVICE.class()
    }

    /// The same marked as sent again.
    pub(super) fn repeated(&self) -> Self {
        Self { message: Message { mti: self.message.mti.repeat(), ..self.message }, ..*self }
    }

    pub(super) fn is_inquiry(&self) -> bool {
        self.message.processing.and_then(model::ProcessingCode::kind) == Some(Kind::Balance)
    }
}

/// The terminals: DE41, and the link that each is on.
pub(super) const TERMINALS: [(&str, &str); 4] =
    [("CRASH001", "terminals"), ("CRASH002", "terminals"), ("CRASH003", "terminals"), ("ESCROW01", "escrow")];

/// What the terminals remember of one run of the switch.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By DE37.
    pub(super) sent: HashMap<String, Sent>,
    pub(super) answered: Vec<(Asked, Seen)>,
    /// Handed over, and never answered.
    pub(super) unanswered: Vec<Asked>,
}

/// Connects the terminals, each with numbers from the dice.
pub(super) async fn connect(links: &HashMap<String, SocketAddr>, dice: &mut Dice) -> Vec<Arc<Terminal>> {
    let mut terminals = Vec::new();
    for (name, link) in TERMINALS {
        let config = TerminalConfig { seed: Some(dice.roll()), ..TerminalConfig::named(name) };
        terminals.push(Arc::new(Terminal::connect(links[link], config).await.expect("connects")));
    }
    terminals
}

pub(super) fn told(reply: &Reply) -> Told {
    Told { code: reply.code.to_string(), authorization: reply.authorization.map(|it| it.to_string().trim().to_owned()) }
}

/// One request at a time on a connection.
struct Lane {
    terminal: Arc<Terminal>,
    number: usize,
    cards: Arc<BTreeMap<String, Vec<Card>>>,
    cast: Arc<Cast>,
    dice: Dice,
    numbers: Arc<Numbers>,
    memory: Arc<Mutex<Memory>>,
    /// Told at every answer.
    answers: mpsc::Sender<()>,
}

/// Sends until every connection is broken, that is: until the switch is dead. `answers` is told at every answer.
pub(super) async fn run(
    links: HashMap<String, SocketAddr>,
    cast: Arc<Cast>,
    lanes: usize,
    mut dice: Dice,
    numbers: Arc<Numbers>,
    answers: mpsc::Sender<()>,
) -> Memory {
    let memory = Arc::new(Mutex::new(Memory::default()));
    let banks = cast.banks().iter().map(|bank| {
        let bulk = cast.cards_of(&bank.name).filter(|card| card.alias.starts_with(&format!("{}-", bank.name)));
        (bank.name.clone(), bulk.cloned().collect())
    });
    let cards = Arc::new(banks.collect::<BTreeMap<_, Vec<_>>>());
    let mut running = JoinSet::new();
    for (number, terminal) in connect(&links, &mut dice).await.into_iter().enumerate() {
        for _ in 0..lanes {
            let lane = Lane {
                terminal: Arc::clone(&terminal),
                number,
                cards: Arc::clone(&cards),
                cast: Arc::clone(&cast),
                dice: Dice(dice.roll()),
                numbers: Arc::clone(&numbers),
                memory: Arc::clone(&memory),
                answers: answers.clone(),
            };
            running.spawn(lane.run());
        }
    }
    running.join_all().await;
    std::mem::take(&mut *memory.lock().unwrap())
}

impl Lane {
    async fn run(mut self) {
        while self.terminal.is_open() {
            let request = self.draw();
            match self.dice.below(8) {
                _ if request.is_inquiry() => drop(self.ask(&request).await),
                // Undone before it is answered, as far as the two can race on one connection.
                0 => self.race(&request).await,
                1 => {
                    if self.ask(&request).await {
                        let undo = self.undo(&request);
                        self.ask(&undo).await;
                    }
                }
                _ => drop(self.ask(&request).await),
            }
        }
    }

    fn draw(&mut self) -> Asked {
        let kind = MIX[self.dice.below(MIX.len())];
        let (bank, cards) = self.cards.iter().nth(self.dice.below(self.cards.len())).expect("there are banks");
        let card = &cards[self.dice.below(cards.len())];
        let account = &card.accounts[self.dice.below(card.accounts.len())];
        let minor = 100 * (1 + u64::try_from(self.dice.below(50)).expect("fits"));
        let amount = Money::from_minor(minor, account.currency());
        let message = match kind {
            Kind::Salary => self.terminal.salary(self.cast.bank(bank).expect("is there").institution, account.number, amount),
            _ => self.terminal.request(kind, card, amount),
        };
        let asked = Asked { terminal: self.number, message: self.numbers.put_on(message) };
        let sent = Sent {
            kind: digits(kind),
            amount: if kind == Kind::Balance { 0 } else { minor },
            currency: account.currency().alpha(),
            bank: bank.clone(),
            account: account.number.to_string(),
            escrow: TERMINALS[self.number].1 == "escrow",
        };
        self.memory.lock().unwrap().sent.insert(asked.name().rrn, sent);
        asked
    }

    /// Its reversal: 0400 or 0420, whole or leaving one riel of it.
    fn undo(&mut self, request: &Asked) -> Asked {
        let mti = [Mti::REVERSAL_REQUEST, Mti::REVERSAL_ADVICE][self.dice.below(2)];
        let stands = [None, Some(1)][self.dice.below(2)];
        let reversal = self.terminal.reversal(&request.message, mti, stands);
        Asked { terminal: self.number, message: self.numbers.put_on(reversal) }
    }

    /// Whether it was answered.
    async fn ask(&self, asked: &Asked) -> bool {
        match self.terminal.ask(&asked.message, PATIENCE).await {
            Ok(exchange) => {
                self.saw(asked, &exchange.reply);
                true
            }
            Err(rehearsal::Error::Closed { .. }) => false,
            Err(_) => {
                self.memory.lock().unwrap().unanswered.push(asked.clone());
                false
            }
        }
    }

    /// Sends a request and its reversal at once. Where the reversal is answered first, the request will not be answered any more.
    async fn race(&mut self, request: &Asked) {
        let undo = self.undo(request);
        let asking = self.terminal.ask(&request.message, PATIENCE);
        tokio::pin!(asking);
        let mut undoing = Box::pin(self.ask(&undo));
        let reply = tokio::select! {
            biased;
            answer = &mut asking => {
                let answer = answer.ok();
                undoing.await;
                answer
            }
            _ = &mut undoing => None,
        };
        match reply {
            Some(exchange) => self.saw(request, &exchange.reply),
            None => self.memory.lock().unwrap().unanswered.push(request.clone()),
        }
    }

    fn saw(&self, asked: &Asked, reply: &Reply) {
        let seen = Seen { name: asked.name(), told: told(reply) };
        self.memory.lock().unwrap().answered.push((asked.clone(), seen));
        let _ = self.answers.send(());
    }
}

/// The first two digits of DE3, of the kinds that this load has.
pub(super) fn digits(kind: Kind) -> &'static str {
    match kind {
        Kind::Purchase => "00",
        Kind::Withdrawal => "01",
        Kind::Refund => "20",
        Kind::Deposit => "21",
        Kind::Salary => "26",
        Kind::Balance => "31",
        _ => "",
    }
}
