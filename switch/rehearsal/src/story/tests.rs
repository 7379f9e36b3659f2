use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bank_adapters::{AmountType, Balance, Behaviour};
use model::{Class, Content, Kind, Message, ProcessingCode, ResponseCode, Stan, TerminalId};

use super::*;
use crate::fake::{Asked, Fake, Peer, answer_to};

/// A switch and its banks in a few lines: books, stored answers, and one thing that may be wrong with it.
#[derive(Clone)]
struct Toy {
    books: Arc<Mutex<Books>>,
    flaw: Flaw,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// Takes a repeat for a new request.
    ForgetsRequests,
    /// Does not undo what a silent bank booked.
    ForgetsReversals,
    /// Hangs up instead of declining.
    HangsUp,
    /// None: charges for withdrawals, and tells it.
    ChargesAndTells,
    /// Charges for withdrawals, and does not tell.
    ChargesInSecret,
}

const FEE: u64 = 500;

struct Books {
    balances: HashMap<String, i64>,
    stored: HashMap<(TerminalId, Stan), (Message<'static>, i64)>,
}

impl Toy {
    fn new(flaw: Flaw) -> Self {
        let cast = Cast::builtin();
        let accounts = cast.cards().iter().flat_map(|card| &card.accounts);
        let balances = accounts.map(|it| (it.number.to_string(), it.opening.minor().cast_signed())).collect();
        Self { books: Arc::new(Mutex::new(Books { balances, stored: HashMap::new() })), flaw }
    }

    fn balance(&self, account: &str) -> Option<i64> {
        self.books.lock().unwrap().balances.get(account).copied()
    }

    async fn serves(self, fake: Fake) {
        loop {
            let peer = fake.accepts().await;
            tokio::spawn(self.clone().serves_one(peer));
        }
    }

    async fn serves_one(self, mut peer: Peer) {
        while let Some(asked) = peer.next().await {
            let message = asked.message();
            let Some(kind) = message.processing.and_then(ProcessingCode::kind) else {
                peer.answers(&asked, ResponseCode::APPROVED).await;
                continue;
            };
            if message.mti.class() == Some(Class::Reversal) {
                self.reverses(&message);
                peer.answers(&asked, ResponseCode::APPROVED).await;
            } else if kind == Kind::Balance {
                self.tells(&mut peer, &asked).await;
            } else if !self.posts(&mut peer, &asked, kind).await {
                return;
            }
        }
    }

    fn reverses(&self, message: &Message<'_>) {
        let mut books = self.books.lock().unwrap();
        let original = message.original.unwrap();
        let (request, change) = books.stored[&(message.terminal.unwrap(), original.stan)];
        let stands = message.replacement.unwrap_or(0).cast_signed();
        *books.balances.get_mut(&account_of(&request)).unwrap() -= change + stands;
    }

    async fn tells(&self, peer: &mut Peer, asked: &Asked) {
        let message = asked.message();
        let balance = self.balance(&account_of(&message)).unwrap();
        let balances = Balance::render(&[Balance::of(balance, message.currency.unwrap(), AmountType::Available)]);
        peer.says(&Message { balances: Some(Content::ascii(balances.as_bytes())), ..asked.answer(ResponseCode::APPROVED) }).await;
    }

    /// Whether the connection stays.
    async fn posts(&self, peer: &mut Peer, asked: &Asked, kind: Kind) -> bool {
        let message = asked.message();
        let (account, key) = (account_of(&message), (message.terminal.unwrap(), message.stan.unwrap()));
        let amount = message.amount.unwrap().cast_signed();
        let charged = matches!(self.flaw, Flaw::ChargesAndTells | Flaw::ChargesInSecret) && kind == Kind::Withdrawal;
        let fee = if charged { FEE.cast_signed() } else { 0 };
        let change = if matches!(kind, Kind::Purchase | Kind::Withdrawal) { -amount - fee } else { amount };
        let known = self.books.lock().unwrap().stored.contains_key(&key) && self.flaw != Flaw::ForgetsRequests;
        if !known && self.balance(&account).unwrap() + change < 0 {
            if self.flaw == Flaw::HangsUp {
                return false;
            }
            peer.answers(asked, ResponseCode::NOT_SUFFICIENT_FUNDS).await;
            return true;
        }
        if !known {
            let mut books = self.books.lock().unwrap();
            *books.balances.get_mut(&account).unwrap() += change;
            let owned = Message { to_account: message.to_account, ..answer_to(&message, ResponseCode::APPROVED) };
            books.stored.insert(key, (owned, change));
        }
        let cast = Cast::builtin();
        let silent = message.pan.and_then(|pan| cast.by_pan(pan)).is_some_and(|card| card.behaviour == Behaviour::Silent);
        if silent {
            tokio::time::sleep(BANK).await;
            peer.answers(asked, ResponseCode::BANK_UNAVAILABLE).await;
            if self.flaw != Flaw::ForgetsReversals {
                *self.books.lock().unwrap().balances.get_mut(&account).unwrap() -= change;
            }
        } else {
            let told = (charged && self.flaw == Flaw::ChargesAndTells).then_some(FEE);
            peer.says(&Message { fee: told, ..asked.answer(ResponseCode::APPROVED) }).await;
        }
        true
    }
}

fn account_of(message: &Message<'_>) -> String {
    let cast = Cast::builtin();
    let card = || cast.by_pan(message.pan?)?.account(message.currency?);
    message.to_account.or_else(|| Some(card()?.number)).unwrap().to_string()
}

const BANK: Duration = Duration::from_millis(100);

/// Tells the story to a toy; the outcome, and which steps failed.
async fn told(toy: &Toy) -> (Outcome, Vec<usize>) {
    let fake = Fake::listens("iso87-ascii").await;
    let (addr, cast) = (fake.addr(), Cast::builtin());
    let served = tokio::spawn(toy.clone().serves(fake));
    let look = |_: &str, account: &str| toy.balance(account);
    let timers = StoryTimers { bank: BANK, settle: Duration::from_millis(100), ..StoryTimers::default() };
    let story = Story { timers, ledger: Some(&look), ..Story::new(&cast) };
    let mut heard = 0;
    let outcome = story.tell(addr, |step| {
        heard += 1;
        assert_eq!(step.number, heard);
    });
    let outcome = outcome.await.unwrap();
    served.abort();
    let failed = outcome.steps.iter().filter(|step| !step.passed).map(|step| step.number).collect();
    (outcome, failed)
}

#[tokio::test]
async fn the_story_passes_and_passes_again_over_the_same_data() {
    let toy = Toy::new(Flaw::None);
    for _ in 0..2 {
        let (outcome, failed) = told(&toy).await;
        assert!(outcome.passed() && failed.is_empty(), "{outcome:#?}");
        assert_eq!(outcome.steps.len(), Story::titles().len());
        let text = outcome.steps[0].text();
        assert!(
            text.starts_with("✓  1  Dara takes 50 000 riel") && text.contains("approved (00), authorization A1B2C3, "),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
        let meanwhile = &outcome.steps[4].came;
        assert!(meanwhile.contains("(91)") && meanwhile.contains("399980000.00 KHR meanwhile"), "{meanwhile}");
    }
}

#[tokio::test]
async fn money_taken_twice_is_noticed() {
    let (outcome, failed) = told(&Toy::new(Flaw::ForgetsRequests)).await;
    assert_eq!(failed, [4]);
    let text = outcome.steps[3].text();
    assert!(
        text.starts_with('✗') && text.contains("must be") && text.contains("expected: both times the same approval"),
        "{text}"
    );
}

#[tokio::test]
async fn a_fee_that_the_slip_tells_is_no_mistake_and_one_that_it_does_not_tell_is() {
    let (outcome, failed) = told(&Toy::new(Flaw::ChargesAndTells)).await;
    assert!(failed.is_empty(), "{outcome:#?}");
    assert!(outcome.steps[3].came.ends_with("; and fees of 5.00 KHR"), "once for both: {}", outcome.steps[3].came);
    assert_eq!(told(&Toy::new(Flaw::ChargesInSecret)).await.1, [4, 7]);
}

#[tokio::test]
async fn money_that_does_not_come_back_is_noticed() {
    assert_eq!(told(&Toy::new(Flaw::ForgetsReversals)).await.1, [5]);
}

#[tokio::test]
async fn a_broken_connection_costs_one_step_and_the_story_goes_on() {
    let (outcome, failed) = told(&Toy::new(Flaw::HangsUp)).await;
    assert_eq!(failed, [3]);
    assert!(outcome.steps[2].came.contains("the connection broke"), "{}", outcome.steps[2].came);
}

#[tokio::test]
async fn a_story_nobody_listens_to_does_not_begin() {
    let fake = Fake::listens("iso87-ascii").await;
    let addr = fake.addr();
    drop(fake);
    let cast = Cast::builtin();
    let error = Story::new(&cast).tell(addr, |_| {}).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}
