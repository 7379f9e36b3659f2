//! What a bank does beside money: statements, virtual cards, PINs; and where a transfer or a top-up begins.

use model::Pan;

use super::*;
use crate::Bank;

fn number(reply: &BankReply) -> Pan {
    reply.issued.expect("a card")
}

/// A request by the card with this number, in the place of `alias`'s.
fn by(pan: Pan, kind: Kind, alias: &str, amount: Money, stan: u32) -> BankRequest {
    BankRequest::Financial(Box::new(Financial { pan: Some(pan), ..request(kind, alias, amount, stan) }))
}

fn issue(alias: &str, stan: u32) -> BankRequest {
    ask(Kind::VirtualCard, alias, dollars("0"), stan)
}

#[test]
fn a_virtual_card_has_the_banks_prefix_a_counter_and_a_right_check_digit() {
    for (bank, card, prefix) in [("acleda", "dara", 911_611), ("canadia", "bopha", 911_612), ("wing", "chan", 911_613)] {
        let mut branch = Branch::of(bank);
        let first = number(&branch.reply(&issue(card, 1)));
        let second = number(&branch.reply(&issue(card, 2)));
        for (pan, counter) in [(first, 1), (second, 2)] {
            assert_eq!((pan.length(), pan.prefix(6)), (16, Some(prefix)));
            assert!(pan.luhn_holds() && pan.prefix(15) == Some(prefix * 1_000_000_000 + counter), "{pan}");
        }
        assert_eq!(number(&branch.reply(&issue(card, 1))), first, "the same identity, the same card");
        branch.reopen();
        assert_eq!(number(&branch.reply(&issue(card, 1))), first);
        assert_eq!(number(&branch.reply(&issue(card, 3))).prefix(15), Some(prefix * 1_000_000_000 + 3));
        let issued = branch.statement().issued().unwrap();
        assert_eq!(issued.len(), 3);
        assert_eq!((issued[0].card.as_str(), issued[0].withdrawn, &issued[0].pan_masked), (card, false, &first.to_string()));
        assert_eq!(branch.change(card, usd()), 0);
        branch.assert_in_order();
    }
}

#[test]
fn a_virtual_card_buys_from_the_funding_cards_account() {
    let mut acleda = Branch::of("acleda");
    let pan = number(&acleda.reply(&issue("dara", 1)));
    assert_eq!(acleda.code(&by(pan, Kind::Purchase, "dara", dollars("12"), 2)), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.settlement(usd())), (-1200, 1200));
    let operation = acleda.statement().operation(&reference(2)).unwrap().unwrap();
    assert_eq!((operation.card.as_deref(), operation.pan_masked), (Some("dara-v1"), Some(pan.to_string())));
    acleda.reopen();
    assert_eq!(acleda.code(&by(pan, Kind::Refund, "dara", riel("12"), 3)), "00");
    assert_eq!(acleda.change("dara", khr()), 1200);
    let hold = Financial { pan: Some(pan), ..request(Kind::Purchase, "dara", dollars("5"), 4) };
    assert_eq!(acleda.code(&BankRequest::Authorization(Box::new(Authorization { advice: false, asked: hold }))), "00");
    assert_eq!(acleda.available("dara", usd()), 10_000_000 - 1700);
    for (stan, kind) in (10..).zip([Kind::Withdrawal, Kind::CashBack, Kind::Deposit, Kind::PinChange, Kind::VirtualCard]) {
        assert_eq!(acleda.code(&by(pan, kind, "dara", dollars("1"), stan)), "57", "{kind} needs plastic or a PIN");
    }
    let next = Pan::from_digits(b"9116110000000029").unwrap();
    assert_eq!(acleda.code(&by(next, Kind::Purchase, "dara", dollars("1"), 20)), "14", "a number not issued yet");
    acleda.assert_in_order();
}

#[test]
fn a_virtual_card_is_charged_for_once_and_gone_when_its_issue_is_taken_back() {
    let mut acleda = Branch::of("acleda");
    let asked = with_fee(issue("dara", 1), 100);
    let pan = number(&acleda.reply(&asked));
    assert_eq!((number(&acleda.reply(&asked)), acleda.change("dara", usd())), (pan, -100));
    assert_eq!((acleda.code(&reversal(1)), acleda.change("dara", usd())), ("00".into(), 0));
    for _ in 0..2 {
        assert_eq!(acleda.code(&by(pan, Kind::Purchase, "dara", dollars("1"), 2)), "14");
        acleda.reopen();
    }
    assert!(acleda.statement().issued().unwrap()[0].withdrawn);
    assert_eq!(acleda.code(&asked), "94");
    let forced = Financial { pan: Some(pan), ..request(Kind::Purchase, "dara", dollars("1"), 3) };
    let forced = BankRequest::Advice(Box::new(Advice { completes: None, told: forced }));
    assert_eq!((acleda.code(&forced), acleda.change("dara", usd())), ("00".into(), -100), "what it bought before is owed");
    assert_ne!(number(&acleda.reply(&issue("dara", 4))), pan, "a number is never used again");
    assert_eq!(acleda.code(&with_fee(issue("thida", 5), 51)), "51");
}

#[test]
fn a_virtual_card_is_issued_to_a_good_card_only_and_follows_what_becomes_of_it() {
    assert_eq!(Branch::of("acleda").code(&issue("lost", 1)), "41");
    assert_eq!(Branch::of("acleda").code(&issue("bopha", 1)), "14");
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.answer(&issue("mute", 1)), Answer::Withheld);
    let pan = number(&acleda.reply(&issue("mute", 1)));
    assert_eq!(acleda.answer(&by(pan, Kind::Purchase, "mute", dollars("1"), 2)), Answer::Withheld);
    assert_eq!(acleda.statement().issued().unwrap().len(), 1);
}

#[tokio::test]
async fn a_bank_without_a_prefix_for_them_issues_no_virtual_cards() {
    let place = tempfile::tempdir().unwrap();
    let text = include_str!("../../../../fixtures/cards.toml").replace("virtual_prefix = \"911611\"\n", "");
    let cast = Cast::parse(&text).unwrap();
    let bank = crate::ReferenceBank::open("acleda", place.path(), &cast).unwrap();
    assert!(!bank.capabilities().kinds.contains(&Kind::VirtualCard) && bank.capabilities().kinds.contains(&Kind::TopUp));
}

#[test]
fn no_number_of_a_virtual_card_is_in_a_file() {
    let mut acleda = Branch::of("acleda");
    let pan = number(&acleda.reply(&issue("dara", 1)));
    acleda.code(&by(pan, Kind::Purchase, "dara", dollars("1"), 2));
    for file in std::fs::read_dir(acleda.directory.path()).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!content.windows(16).any(|window| window == pan.digits().as_ref()));
        assert!(!content.windows(8).any(|window| window == pan.number().to_be_bytes()));
    }
    assert!(!format!("{:?}", acleda.reply(&issue("dara", 1))).contains("911611000"));
}

#[test]
fn a_mini_statement_tells_the_last_five_postings_the_newest_first() {
    let mut acleda = Branch::of("acleda");
    let asked = |stan| ask(Kind::MiniStatement, "dara", dollars("0"), stan);
    assert_eq!(acleda.reply(&asked(1)).text.as_deref(), Some("no postings"));
    acleda.code(&purchase("dara", dollars("99"), 2));
    acleda.code(&purchase("dara", riel("99"), 3));
    let to = request(Kind::Transfer, "dara", dollars("20"), 4);
    let (to_account, receiver) = (Text::new(b"003000001840"), InstitutionId::new(116_003));
    acleda.code(&with_fee(BankRequest::Financial(Box::new(Financial { to_account, receiver, ..to })), 50));
    acleda.days_pass(1);
    acleda.code(&ask(Kind::Deposit, "dara", dollars("7.05"), 5));
    acleda.code(&reversal(2));
    let told = acleda.reply(&asked(6)).text.unwrap();
    let lines: Vec<_> = told.split("; ").collect();
    assert_eq!(
        lines,
        [
            "0116 reversal +99.00 USD",
            "0116 deposit +7.05 USD",
            "0115 fee -0.50 USD",
            "0115 transfer to 003000001840 at 116003 -20.00 USD",
            "0115 purchase -99.00 USD",
        ]
    );
    assert_eq!(acleda.statement().operation(&reference(6)).unwrap(), None, "an inquiry is not kept");
    let with_its_fee = acleda.reply(&with_fee(asked(7), 10)).text.unwrap();
    assert!(with_its_fee.starts_with("0116 fee -0.10 USD; 0116 reversal"), "{with_its_fee}");
    assert_eq!(acleda.code(&ask(Kind::MiniStatement, "lost", dollars("0"), 8)), "41");
}

#[test]
fn a_pin_is_changed_and_kept_nowhere() {
    let mut acleda = Branch::of("acleda");
    let secret = *b"\x9E\x37\x79\xB9\x7F\x4A\x7C\x15";
    let new_pin = Some(Secret::new(&secret));
    let change = Financial { new_pin, pin: Some(Secret::new(&secret)), ..request(Kind::PinChange, "dara", dollars("0"), 1) };
    assert!(!format!("{change:?}").contains("158"), "not in a log either");
    assert_eq!(acleda.code(&BankRequest::Financial(Box::new(change.clone()))), "00");
    assert_eq!(acleda.statement().operation(&reference(1)).unwrap(), None);
    let charged = Financial { fee: 30, reference: reference(2), ..change };
    for _ in 0..2 {
        assert_eq!(acleda.code(&BankRequest::Financial(Box::new(charged.clone()))), "00");
        assert_eq!(acleda.change("dara", usd()), -30);
    }
    for file in std::fs::read_dir(acleda.directory.path()).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!content.windows(8).any(|window| window == secret));
    }
    assert_eq!(acleda.code(&ask(Kind::PinChange, "lost", dollars("0"), 3)), "41");
}

#[test]
fn a_transfer_takes_here_what_its_second_leg_gives_there() {
    let (mut acleda, mut wing) = (Branch::of("acleda"), Branch::of("wing"));
    let first = Financial { to_account: Text::new(b"003000001840"), ..request(Kind::Transfer, "dara", dollars("20"), 1) };
    assert_eq!(acleda.code(&with_fee(BankRequest::Financial(Box::new(first)), 50)), "00");
    assert_eq!(wing.code(&salary("vanna", dollars("20"), 1)), "00");
    assert_eq!((acleda.change("dara", usd()), wing.change("vanna", usd())), (-2050, 2000));
    assert_eq!((acleda.settlement(usd()), wing.settlement(usd())), (2050, -2000), "the fee is the switch's to divide");
    let entry = &acleda.statement().entries_of(&reference(1)).unwrap()[0];
    assert_eq!(entry.detail.as_deref(), Some("to 003000001840"));
    acleda.assert_in_order();
    wing.assert_in_order();
}
