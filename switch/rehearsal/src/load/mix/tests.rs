//! Mixes: as likely as they weigh, and what is wrong with a file is told with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use bank_adapters::SystemClock;

use super::*;
use crate::TerminalConfig;

fn till() -> Till {
    Till::new(TerminalConfig::default(), Arc::new(SystemClock::start()))
}

fn file(text: &str) -> Result<Mix, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.toml");
    std::fs::write(&path, text).unwrap();
    let mix = Mix::load(&path, &Cast::builtin(), &[]);
    mix.map_err(|error| error.to_string().replace(&path.display().to_string(), "mix.toml"))
}

fn drawn(mix: &Mix, count: usize) -> Vec<Drawn> {
    let (mut dice, till) = (Dice::new(1), till());
    (0..count).filter_map(|_| mix.draw(&mut dice, &till)).collect()
}

#[test]
fn lines_are_drawn_as_they_weigh_and_the_same_by_the_same_seed() {
    let mix = Mix::parse("withdrawal=5, purchase=3,balance=1", &Cast::builtin(), &[]).unwrap();
    let mut counts = [0; 3];
    drawn(&mix, 9000).iter().for_each(|it| counts[it.line] += 1);
    assert_eq!(counts, [5024, 2952, 1024]);
    let cards =
        |mix: &Mix| drawn(mix, 50).iter().map(|it| (it.line, it.message.fixed.pan, it.message.fixed.amount)).collect::<Vec<_>>();
    assert_eq!(cards(&mix), cards(&mix));
}

#[test]
fn everything_that_can_be_sent_suits_its_profile() {
    let all = Asks::names().split(", ").map(|name| format!("{name}=1")).collect::<Vec<_>>().join(",");
    let mix = Mix::parse(&all, &Cast::builtin(), &["dara", "bopha"]).unwrap();
    let mut seen = BTreeMap::new();
    for it in drawn(&mix, 300) {
        wire::profile::check(&it.message.message()).unwrap_or_else(|error| panic!("{}: {error:?}", mix.lines[it.line].name));
        *seen.entry(it.line).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), mix.lines().count());
}

#[test]
fn a_file_says_who_asks_how_much_and_what_is_expected() {
    let mix = file(
        "[[mix]]\nweight = 5\nsend = \"withdrawal\"\ncard = [\"dara\", \"sophea\"]\namount = \"50000.00 KHR\"\n\
         [[mix]]\nsend = \"purchase\"\ncard = \"stolen\"\ncode = \"43\"\n\
         [[mix]]\nsend = \"transfer\"\ncard = \"dara\"\nto = \"bopha\"\namount = \"1.00 USD\"\n\
         [[mix]]\nsend = \"top-up\"\nat = \"cellcard\"\namount = \"4000.00 KHR\"\n",
    );
    let (mix, cast) = (mix.unwrap(), Cast::builtin());
    assert_eq!(mix.lines().collect::<Vec<_>>(), [("withdrawal", 5), ("purchase", 1), ("transfer", 1), ("top-up", 1)]);
    let bopha = cast.card("bopha").unwrap();
    for Drawn { line, message, code, .. } in drawn(&mix, 200) {
        let message = message.fixed;
        let alias = message.pan.and_then(|pan| cast.by_pan(pan)).map_or("", |card| card.alias.as_str());
        match line {
            0 => assert!(["dara", "sophea"].contains(&alias) && message.amount == Some(5_000_000) && code.is_none()),
            1 => assert!(alias == "stolen" && code.is_some_and(|code| code.to_string() == "43")),
            2 => assert_eq!(
                message.to_account,
                bopha.accounts.iter().find(|it| it.currency().alpha() == "USD").map(|it| it.number)
            ),
            _ => assert_eq!(message.receiver, Some(cast.bank("cellcard").unwrap().institution)),
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place_and_what_to_write() {
    for (text, told) in [
        (
            "[[mix]]\nsend = \"withdrawl\"\n",
            "mix.toml:2:8: \"withdrawl\" cannot be sent\n  |\n2 | send = \"withdrawl\"\n  |        ^^^^^^^^^^^\nwhat can: purchase, withdrawal",
        ),
        ("[[mix]]\nsend = \"balance\"\nwieght = 2\n", "mix.toml:3:1: unknown field `wieght`"),
        ("[[mix]]\nsend = \"balance\"\nweight = 0\n", "mix.toml:3:10: 0 is no weight"),
        ("[[mix]]\nsend = \"balance\"\ncard = \"dora\"\n", "mix.toml:3:8: "),
        ("[[mix]]\nsend = \"purchase\"\namount = \"5000\"\n", "mix.toml:3:10: \"5000\" is no amount with its currency"),
        ("[[mix]]\nsend = \"purchase\"\ncode = \"000\"\n", "mix.toml:3:8: \"000\" is no response code"),
        ("[[mix]]\nsend = \"transfer\"\nto = \"nobody\"\n", "mix.toml:3:6: "),
        ("[[mix]]\nsend = \"balance\n", "mix.toml:2:"),
        ("mix = []\n", "mix.toml:1:1: nothing is to be asked"),
    ] {
        let error = file(text).unwrap_err();
        assert!(error.starts_with(told), "{error}");
    }
}

#[test]
fn what_is_wrong_on_the_command_line_is_told() {
    let of = |text| Mix::parse(text, &Cast::builtin(), &[]).unwrap_err().to_string();
    assert!(of("withdrawal").starts_with("\"withdrawal\" is no part of a mix; write kind=weight"));
    assert!(of("withdrawal=0").starts_with("\"withdrawal=0\" is no part"));
    assert!(of("pin-change=1").starts_with("\"pin-change\" cannot be sent"));
    assert!(of("cash=1").starts_with("\"cash\" cannot be sent; what can: purchase"));
    assert!(Mix::parse("balance=1", &Cast::builtin(), &["dora"]).is_err());
}
