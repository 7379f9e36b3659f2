//! Rules of business from the configuration to the slip: fees, limits, what only a bank's own terminals may do.

use model::{Currency, Kind, Message, Money, Mti, ResponseCode};

use crate::fake_bank::FakeBank;
use crate::harness::{Banks, PATIENCE, Setup, cast, run};

const RULES: &str = "
[[fee]]
kind = \"withdrawal\"
amount = \"1800.00 KHR\"
interchange = \"1000.00 KHR\"
[[card_limit]]
name = \"cash\"
kinds = [\"withdrawal\"]
amount = \"300.00 USD\"
count = 3
[[rate]]
from = 2022-12-01
currency = \"USD\"
worth = \"4100.00 KHR\"
";

#[test]
fn fees_and_limits_are_those_of_the_configuration() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").with(RULES).dialling("canadia", bank.address());
        let switch = setup.with_bank("canadia", "own_terminals_only = [\"balance\"]").start();
        let terminal = switch.terminal("ATM00001").await;
        let bopha = cast().card("bopha").unwrap().clone();
        let amount = |minor, code| Money::from_minor(minor, Currency::from_alpha(code).unwrap());
        let withdrawal = |amount| terminal.request(Kind::Withdrawal, &bopha, amount);
        let asks = async |message: &Message<'static>| {
            let reply = terminal.ask(message, PATIENCE).await.unwrap().reply;
            (reply.code, reply.fee)
        };

        let in_riel = asks(&withdrawal(amount(82_000_000, "KHR"))).await;
        assert_eq!(in_riel, (ResponseCode::APPROVED, Some(amount(180_000, "KHR"))));
        let in_dollars = asks(&withdrawal(amount(10_000, "USD"))).await;
        assert_eq!(in_dollars, (ResponseCode::APPROVED, Some(amount(44, "USD"))), "1,800 riel at 4,100 are 43.9 cents");
        let fees: Vec<_> = bank.seen(Mti::FINANCIAL_REQUEST).iter().map(|leg| leg.fee).collect();
        assert_eq!(fees, [Some(180_000), Some(44)], "the bank is told to charge them");

        let too_much = asks(&withdrawal(amount(1, "USD"))).await;
        assert_eq!(too_much, (ResponseCode::AMOUNT_LIMIT, None), "200 dollars in riel and 100 are all of 300");
        let elsewhere = asks(&terminal.balance(&bopha, Currency::from_alpha("KHR").unwrap())).await;
        assert_eq!(elsewhere, (ResponseCode::NOT_PERMITTED_TO_TERMINAL, None));
        let own = Message { acquirer: Some(cast().bank("canadia").unwrap().institution), ..withdrawal(amount(1, "USD")) };
        assert_eq!(asks(&own).await.0, ResponseCode::AMOUNT_LIMIT, "a limit is the card's, wherever it is used");
    });
}
