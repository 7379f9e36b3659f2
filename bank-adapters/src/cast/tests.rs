use super::*;

fn khr() -> Currency {
    Currency::from_alpha("KHR").unwrap()
}

const ONE_CARD: &str = r#"
[[bank]]
name = "acleda"
title = "ACLEDA"
institution = "116001"
prefix = "911601"
[[card]]
alias = "dara"
pan = "9116010000000019"
expiry = "2602"
accounts.KHR = { number = "001000001116", opening = "12.50" }
"#;

#[test]
fn every_card_of_the_builtin_cast_has_two_accounts_and_a_right_number() {
    let cast = Cast::builtin();
    for card in cast.cards() {
        assert!(card.pan.luhn_holds() && card.pan.length() == 16, "{card:?}");
        assert_eq!(card.accounts.iter().map(Account::currency).map(Currency::alpha).collect::<Vec<_>>(), ["KHR", "USD"]);
    }
    for (bank, institution) in [("acleda", 116_001), ("canadia", 116_002), ("wing", 116_003)] {
        assert_eq!(cast.bank(bank).unwrap().institution.number(), institution);
        assert!(cast.cards_of(bank).count() >= 4);
        assert!(cast.cards_of(bank).any(|card| card.behaviour == Behaviour::Silent));
    }
    assert_eq!(cast.card("dara").unwrap().bank, "acleda");
    assert_eq!(cast.card("bopha").unwrap().bank, "canadia");
    assert_eq!(cast.card("chan").unwrap().bank, "wing");
    assert_eq!(cast.by_pan(cast.card("thida").unwrap().pan).unwrap().alias, "thida");
}

#[test]
fn a_card_never_shows_its_number() {
    let cast = Cast::builtin();
    let shown = format!("{cast:?}");
    for card in cast.cards() {
        let digits = String::from_utf8(card.pan.digits().as_ref().to_vec()).unwrap();
        assert!(!shown.contains(&digits), "{}", card.alias);
    }
}

#[test]
fn a_wrong_alias_is_answered_with_the_names_it_is_near_to() {
    let error = Cast::builtin().card("dera").unwrap_err().to_string();
    assert_eq!(error, "no card is called \"dera\"; did you mean dara?");
    let error = Cast::builtin().card("so").unwrap_err().to_string();
    assert_eq!(error, "no card is called \"so\"; did you mean sophea?");
    let error = Cast::builtin().bank("acldea").unwrap_err().to_string();
    assert_eq!(error, "no bank is called \"acldea\"; did you mean acleda?");
}

#[test]
fn a_card_is_good_to_the_end_of_its_month() {
    let cast = Cast::parse(ONE_CARD).unwrap();
    let card = cast.card("dara").unwrap();
    let first_bad = card.expires_on;
    assert_eq!(first_bad.to_string(), "2026-03-01");
    assert!(card.is_expired(first_bad) && !card.is_expired(first_bad.previous()));
    assert_eq!(file::day_after(2402).unwrap().previous().to_string(), "2024-02-29");
    assert_eq!(file::day_after(2312).unwrap().to_string(), "2024-01-01");
    assert_eq!(file::day_after(2401).unwrap().to_string(), "2024-02-01");
    assert_eq!(file::day_after(2413), None);
}

#[test]
fn a_cast_of_ones_own_is_read_from_a_file() {
    let place = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(place.path(), ONE_CARD).unwrap();
    let cast = Cast::load(place.path()).unwrap();
    assert_eq!(cast.card("dara").unwrap().account(khr()).unwrap().opening.minor(), 1250);
    assert!(matches!(Cast::load(Path::new("/nowhere/cards.toml")), Err(Error::CastFile { .. })));
}

#[test]
fn a_cast_that_breaks_a_rule_is_refused_with_the_rule() {
    let cases = [
        ("alias = \"dara\"", "alias = \"dara\"\ncolour = \"red\"", "colour"),
        ("9116010000000019", "9116010000000018", "check digit"),
        ("9116010000000019", "91160100000000x9", "digits only"),
        ("9116010000000019", "4111111111111111", "a bank's prefix"),
        ("2602", "2613", "YYMM"),
        ("accounts.KHR", "accounts.KHX", "ISO 4217"),
        ("12.50", "12.505", "decimals"),
        ("\"001000001116\"", "\"001 000\"", "letters and digits"),
        ("name = \"acleda\"", "name = \"../acleda\"", "small letters"),
        ("\"911601\"", "\"91160\"", "six digits"),
        ("116001", "x", "eleven digits"),
    ];
    for (right, wrong, named) in cases {
        let error = Cast::parse(&ONE_CARD.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(error.contains(named), "{wrong}: {error}");
    }
    let card = ONE_CARD.split_once("[[card]]").unwrap().1;
    let twice = format!("{ONE_CARD}[[card]]{card}");
    assert!(Cast::parse(&twice).unwrap_err().to_string().contains("one card"));
}

#[test]
fn bulk_cards_are_the_same_in_every_run() {
    let (few, many) = (Cast::builtin().with_bulk(3).unwrap(), Cast::builtin().with_bulk(50).unwrap());
    assert_eq!(few.card("wing-000002").unwrap(), many.card("wing-000002").unwrap());
    assert_eq!(many.cards().len(), Cast::builtin().cards().len() + 150);
    assert!(many.cards().iter().all(|card| card.pan.luhn_holds() && card.accounts.len() == 2));
    assert!(many.with_bulk(1).is_err());
    assert!(Cast::builtin().with_bulk(Cast::BULK_MAX + 1).is_err());
}

#[test]
fn operators_are_banks_of_telephones_with_prefixes_of_their_own() {
    let cast = Cast::builtin();
    let codes = [("smart", 116_701), ("cellcard", 116_702), ("metfone", 116_703), ("seatel", 116_704)];
    let told: Vec<_> = cast.operators().iter().map(|it| (it.name.as_str(), it.institution.number())).collect();
    assert_eq!(told, codes);
    assert!(cast.banks().iter().all(|bank| !bank.customers.has_phone("001234567")), "a bank of cards has no phones");
    for number in ["00123456", "001234567", "0021234567"] {
        assert!(cast.bank("smart").unwrap().customers.has_phone(number), "{number}");
        assert!(!cast.bank("seatel").unwrap().customers.has_phone(number), "{number}");
    }
    for number in ["0012345", "00123456789", "00123456x", "", "011234567", "+0123456"] {
        assert!(!cast.bank("smart").unwrap().customers.has_phone(number), "{number}");
    }
    let error = cast.bank("smrt").unwrap_err().to_string();
    assert_eq!(error, "no bank is called \"smrt\"; did you mean smart?");
}

const ONE_OPERATOR: &str = r#"
[[operator]]
name = "smart"
title = "Smart"
institution = "116701"
phones = ["001"]
"#;

#[test]
fn an_operator_or_a_virtual_prefix_that_breaks_a_rule_is_refused_with_the_rule() {
    let cast = format!("{ONE_OPERATOR}{ONE_CARD}");
    assert_eq!(Cast::parse(&cast).unwrap().bank("smart").unwrap().holds_last.as_secs(), 7 * 86_400);
    let twice = ONE_OPERATOR.replace("smart", "cellcard").replace("001", "0012");
    let cases = [
        (cast.replace("[\"001\"]", "[]"), "one to seven digits"),
        (cast.replace("[\"001\"]", "[\"00a\"]"), "one to seven digits"),
        (cast.replace("\"smart\"", "\"acleda\""), "of its own"),
        (format!("{twice}{cast}"), "of its own"),
        (cast.replace("prefix =", "virtual_prefix = \"911601\"\nprefix ="), "of its own"),
        (cast.replace("prefix =", "virtual_prefix = \"91161\"\nprefix ="), "six digits"),
    ];
    for (text, named) in cases {
        let error = Cast::parse(&text).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
    let days = cast.replace("prefix =", "hold_days = 3\nprefix =");
    assert_eq!(Cast::parse(&days).unwrap().bank("acleda").unwrap().holds_last.as_secs(), 3 * 86_400);
}
