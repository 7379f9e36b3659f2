//! What is taken, and what is refused with its place.

use std::path::Path;
use std::time::Duration;

use model::Kind;

use super::*;

fn refusal(text: &str) -> String {
    match Config::parse(Path::new("payswitch.toml"), text).and_then(|config| config.check(Path::new("payswitch.toml"))) {
        Ok(_) => panic!("taken: {text}"),
        Err(error) => error.to_string(),
    }
}

const BANK: &str = "[[bank]]\nname = \"acleda\"\ninstitution = \"116001\"\nprefixes = [\"911601\"]\nin_process = true\n";
const ACQUIRER: &str = "[[acquirer]]\nname = \"t\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\n";

#[test]
fn what_is_left_out_has_the_value_that_the_built_in_configuration_shows() {
    let written = Config::embedded().unwrap();
    let left_out = Config::parse(Path::new("t"), &format!("{ACQUIRER}{BANK}")).unwrap();
    for (written, left_out) in [
        (format!("{:?}", written.limits), format!("{:?}", left_out.limits)),
        (format!("{:?}", written.timers), format!("{:?}", left_out.timers)),
        (format!("{:?}", written.switch), format!("{:?}", left_out.switch)),
        (format!("{:?}", written.http), format!("{:?}", left_out.http)),
        (format!("{:?}", written.journal), format!("{:?}", left_out.journal)),
        (format!("{:?}", written.log), format!("{:?}", left_out.log)),
    ] {
        assert_eq!(written, left_out);
    }
    for table in [format!("{:?}", left_out.fee), format!("{:?}", left_out.card_limit), format!("{:?}", left_out.rate)] {
        assert_eq!(table, "[]");
    }
}

/// The built-in text, with the keys that it shows commented out brought in.
fn default_with_all_keys() -> String {
    let is_key = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let lines = DEFAULT.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line));
    lines.fold(String::new(), |all, line| all + line + "\n")
}

#[test]
fn the_built_in_configuration_makes_sense_and_so_do_the_keys_it_shows_commented_out() {
    let check = |text: &str| Config::parse(Path::new("(built-in)"), text).unwrap().check(Path::new("(built-in)")).unwrap();
    let (plain, all) = (check(DEFAULT), check(&default_with_all_keys()));
    assert!(plain.rules.fees[0].interchange.is_none() && all.rules.fees[0].interchange.is_some());
    let rest = |plan: &Plan| format!("{:?} {:?} {:?}", plan.rules.banks, plan.rules.limits, plan.banks);
    assert_eq!(rest(&plain), rest(&all), "they are what is taken where they are left out");
}

#[test]
fn the_shipped_rules_are_those_that_the_documents_tell() {
    let rules = Config::embedded().unwrap().check(Path::new("(built-in)")).unwrap().rules;
    let fees: Vec<_> = rules.fees.iter().map(|fee| format!("{} {}", fee.kind, fee.amount)).collect();
    assert_eq!(fees, ["withdrawal 1800.00 KHR", "balance 500.00 KHR", "mini-statement 500.00 KHR", "pin-change 500.00 KHR"]);
    let limits: Vec<_> = rules.limits.iter().map(|it| format!("{} {}", it.amount, it.count)).collect();
    assert_eq!(limits, ["5000.00 USD 10", "3000.00 USD 10"]);
    assert_eq!(rules.rates.iter().map(|it| format!("{} {}", it.from, it.worth)).collect::<Vec<_>>(), ["2022-12-01 4100.00 KHR"]);
    let issuing = rules.banks.iter().filter(|bank| bank.kinds.contains(&Kind::VirtualCard));
    let issuing: Vec<_> =
        issuing.map(|bank| (bank.name.as_str(), bank.own_terminals_only.contains(&Kind::VirtualCard))).collect();
    assert_eq!(issuing, [("acleda", true)]);
    assert!(rules.banks.iter().any(|bank| bank.stand_in.is_some()));
    let operators = rules.banks.iter().filter(|bank| bank.kinds == [Kind::TopUp] && bank.prefixes.is_empty());
    let operators: Vec<_> = operators.map(|bank| (bank.name.as_str(), bank.id.0)).collect();
    assert_eq!(operators, [("smart", 116_701), ("cellcard", 116_702), ("metfone", 116_703), ("seatel", 116_704)]);
    assert_eq!((rules.cutover, rules.timers.total), (Duration::ZERO, Duration::from_secs(35)));
    assert_eq!(rules.timers.hold_life, Duration::from_secs(7 * 24 * 3600));
}

#[test]
fn the_time_of_cutover_is_counted_from_midnight() {
    let text = format!("{ACQUIRER}{BANK}[switch]\ncutover = \"23:30\"\n");
    let plan = Config::parse(Path::new("t"), &text).unwrap().check(Path::new("t")).unwrap();
    assert_eq!(plan.rules.cutover, Duration::from_secs((23 * 60 + 30) * 60));
}

#[test]
fn an_unknown_key_is_refused_with_line_and_caret() {
    let told = refusal(&format!("{ACQUIRER}escro = true\n{BANK}"));
    assert!(told.contains("line 5") && told.contains("^^^^^") && told.contains("escro"), "{told}");
}

#[test]
fn values_that_make_no_sense_are_refused_with_their_key() {
    let cases = [
        (format!("{ACQUIRER}{}", BANK.replace("116001", "bank")), "bank.acleda.institution"),
        (format!("{ACQUIRER}{}", BANK.replace("911601", "91x")), "bank.acleda.prefixes"),
        (format!("{ACQUIRER}{}", BANK.replace("in_process = true", "")), "bank.acleda"),
        (format!("{ACQUIRER}{BANK}kinds = [\"loan\"]\n"), "bank.acleda.kinds"),
        (format!("{ACQUIRER}{BANK}currencies = [\"RIEL\"]\n"), "bank.acleda.currencies"),
        (format!("{ACQUIRER}{BANK}dialect = \"iso86\"\n"), "bank.acleda.dialect"),
        (format!("{ACQUIRER}{BANK}framing = \"3-byte\"\n"), "bank.acleda.framing"),
        (format!("{}{BANK}", ACQUIRER.replace("127.0.0.1:0", "nowhere")), "acquirer.t.listen"),
        (format!("{ACQUIRER}{BANK}[switch]\nutc_offset = \"7\"\n"), "switch.utc_offset"),
        (format!("{ACQUIRER}{BANK}{BANK}"), "bank.acleda.name"),
        (format!("{ACQUIRER}{BANK}[limits]\nframe_max_bytes = 0\n"), "limits.frame_max_bytes"),
    ];
    are_refused(&cases.map(|(text, place)| (text, place, "")));
}

fn are_refused(cases: &[(String, &str, &str)]) {
    for (text, place, remedy) in cases {
        let told = refusal(text);
        assert!(told.contains(&format!(": {place}")) && told.contains(remedy), "{place}, {remedy}: {told}");
    }
}

#[test]
fn rules_of_business_that_make_no_sense_are_refused_with_their_key_and_a_remedy() {
    const RATE: &str = "[[rate]]\nfrom = 2022-12-01\ncurrency = \"USD\"\nworth = \"4100.00 KHR\"\n";
    let with = |more: &str| format!("{ACQUIRER}{BANK}{more}\n");
    let fee = |kind: &str, amount: &str| format!("[[fee]]\nkind = \"{kind}\"\namount = \"{amount}\"\n");
    let limit = |kinds: &str, amount: &str, count: u32| {
        format!("[[card_limit]]\nname = \"cash\"\nkinds = {kinds}\namount = \"{amount}\"\ncount = {count}\n{RATE}")
    };
    let stand_in = |kinds: &str, floor: &str, count: u32| {
        format!("[bank.stand_in]\nkinds = {kinds}\nfloor = \"{floor}\"\namount = \"100.00 USD\"\ncount = {count}\n{RATE}")
    };
    let rate = |from: &str, currency: &str, worth: &str| {
        format!("{RATE}[[rate]]\nfrom = {from}\ncurrency = \"{currency}\"\nworth = \"{worth}\"\n")
    };
    are_refused(&[
        (with("[switch]\ncutover = \"24:00\""), "switch.cutover", "23:30"),
        (with("[switch]\ncutover = \"7:00\""), "switch.cutover", "00:00"),
        (with("[timers]\ntotal_ms = 20000"), "timers.total_ms", "25000 or more"),
        (with("[timers]\nhold_life_ms = 0"), "timers.hold_life_ms", "more than 0"),
        (with(&fee("loan", "1800 KHR")), "fee.kind", "withdrawal"),
        (with(&fee("withdrawal", "1800")), "fee.withdrawal.amount", "1800.00 KHR"),
        (with(&fee("withdrawal", "1800 RIEL")), "fee.withdrawal.amount", "write KHR or USD"),
        (with(&fee("withdrawal", "0.00 KHR")), "fee.withdrawal.amount", "more than nothing"),
        (with(&fee("withdrawal", "1800 KHR")), "fee.withdrawal.amount", "add a [[rate]] with currency = \"USD\""),
        (with(&format!("{}{RATE}", fee("withdrawal", "1 KHR").repeat(2))), "fee.withdrawal.kind", "one [[fee]] a kind"),
        (
            with(&format!("{}interchange = \"1 THB\"\n{RATE}", fee("withdrawal", "1 KHR"))),
            "fee.withdrawal.interchange",
            "[[rate]]",
        ),
        (with(&limit("[]", "5000 USD", 10)), "card_limit.cash.kinds", "at least one"),
        (with(&limit("[\"cash\"]", "5000 USD", 10)), "card_limit.cash.kinds", "cash-back"),
        (with(&limit("[\"withdrawal\"]", "5000 USD", 0)), "card_limit.cash.count", "1 or more"),
        (with(&limit("[\"withdrawal\"]", "5000 THB", 10)), "card_limit.cash.amount", "its worth in THB"),
        (with(&limit("[\"purchase\", \"purchase\"]", "5000 USD", 10)), "card_limit.cash.kinds", "one limit a kind"),
        (with("own_terminals_only = [\"virtual\"]"), "bank.acleda.own_terminals_only", "virtual-card"),
        (with("kinds = [\"balance\"]\nown_terminals_only = [\"top-up\"]"), "bank.acleda.own_terminals_only", "not among"),
        (with(&stand_in("[\"transfer\"]", "50 USD", 3)), "bank.acleda.stand_in.kinds", "purchase, withdrawal"),
        (with(&stand_in("[\"balance\"]", "50 USD", 3)), "bank.acleda.stand_in.kinds", "purchase, withdrawal"),
        (with(&stand_in("[\"purchase\"]", "500 USD", 3)), "bank.acleda.stand_in.floor", "100.00 USD"),
        (with(&stand_in("[\"purchase\"]", "50 THB", 3)), "bank.acleda.stand_in.floor", "[[rate]]"),
        (with(&stand_in("[\"purchase\"]", "50 USD", 0)), "bank.acleda.stand_in.count", "1 or more"),
        (with(&rate("2022-12-01", "USD", "4000 KHR")), "rate.USD.from", "oldest first"),
        (with(&rate("2022-11-30", "USD", "4000 KHR")), "rate.USD.from", "oldest first"),
        (with(&rate("2023-01-01", "KHR", "1 USD")), "rate.KHR.currency", "one way only"),
        (with(&rate("2023-01-01", "USD", "1 USD")), "rate.USD.worth", "another currency"),
        (with(&rate("2023-01-01", "DOLLAR", "1 USD")), "rate.DOLLAR.currency", "ISO 4217"),
        (with(&BANK.replace("\"acleda\"", "\"other\"")), "bank.other.institution", "already"),
    ]);
}

#[test]
fn a_few_keys_are_laid_over_the_built_in_configuration() {
    let over = toml::from_str(
        r#"
        timers.atm_ms = 5000
        card_limit = []
        [[bank]]
        name = "canadia"
        in_process = false
        dial = "127.0.0.1:9"
        [[acquirer]]
        name = "shops"
        listen = "127.0.0.1:0"
        institution = "116900"
        "#,
    );
    let path = Path::new("a.toml");
    let plan = Config::embedded_with(path, &over.unwrap()).unwrap().check(path).unwrap();
    let shipped = Config::embedded().unwrap().check(path).unwrap();

    assert_eq!((plan.rules.timers.atm.as_millis(), plan.rules.timers.pos), (5000, shipped.rules.timers.pos));
    assert!(plan.rules.limits.is_empty() && !plan.rules.fees.is_empty(), "a list is replaced whole");
    let reach: Vec<_> = plan.banks.iter().map(|bank| bank.reach.clone()).collect();
    let dialled = |place| if place == 1 { Reach::Dial("127.0.0.1:9".into()) } else { Reach::InProcess };
    assert_eq!(reach, (0..shipped.banks.len()).map(dialled).collect::<Vec<_>>(), "a bank is changed in its place");
    assert_eq!(plan.acquirers.len(), 2, "a new name is a new link");

    let over = toml::from_str("timers.atm_seconds = 5").unwrap();
    let error = Config::embedded_with(path, &over).unwrap_err().to_string();
    assert!(error.starts_with("a.toml: ") && error.contains("unknown field `atm_seconds`"), "{error}");
}

#[test]
fn payrolls_name_payers_that_their_banks_can_fund() {
    let payroll = |keys: &str, payer: &str| {
        let payer = format!("[[payroll.payer]]\nid = \"MEF\"\ninstitution = \"116900\"\n{payer}\n");
        format!("{ACQUIRER}{BANK}[payroll]\nregistry = \"registry.csv\"\n{keys}\n{payer}")
    };
    let acleda = "bank = \"acleda\"\naccounts.KHR = \"001900000116\"";
    let path = Path::new("/etc/payswitch/payswitch.toml");
    let plan = Config::parse(path, &payroll("pays_at = \"07:30\"", acleda)).unwrap().check(path).unwrap();
    let office = plan.payroll.unwrap();
    assert_eq!(office.registry, Path::new("/etc/payswitch/registry.csv"), "beside the configuration");
    assert_eq!((office.payers.len(), office.payers[0].bank.0), (1, 116_001));
    assert_eq!((plan.rules.payroll.window, plan.rules.payroll.pays_at), (256, Duration::from_secs(27_000)));
    for (text, place, remedy) in [
        (payroll("window = 0", acleda), "payroll.window", "1 or more"),
        (payroll("kept = 0", acleda), "payroll.kept", "1 or more"),
        (payroll("pays_at = \"7:30\"", acleda), "payroll.pays_at", "00:00"),
        (payroll("", "bank = \"wing\"\naccounts.KHR = \"001900000116\""), "payroll.payer.MEF.bank", "acleda"),
        (payroll("", "bank = \"acleda\"\naccounts.KHR = \"0019 0000\""), "payroll.payer.MEF.accounts.KHR", "6 to 28"),
        (payroll("", "bank = \"acleda\"\naccounts.JPY = \"001900000116\""), "payroll.payer.MEF.accounts.JPY", "another bank"),
        (payroll("", "bank = \"acleda\"\naccounts = {}"), "payroll.payer.MEF.accounts", "accounts.KHR"),
        (payroll("", acleda).replace("\"MEF\"", "\"M F\""), "payroll.payer.id", "without spaces"),
        (payroll("", acleda).replace("116900", "treasury"), "payroll.payer.MEF.institution", "digits"),
        (
            payroll("", acleda).replace("in_process = true", "in_process = true\nkinds = [\"salary\"]"),
            "payroll.payer.MEF.bank",
            "funding",
        ),
    ] {
        let said = refusal(&text);
        assert!(said.contains(place) && said.contains(remedy), "{said}");
    }
}

#[test]
fn a_bank_has_a_bic_of_its_own() {
    let acleda = BANK.replace("prefixes", "bic = \"ACLBKHPP\"\nprefixes");
    let other = acleda.replace("acleda", "wing").replace("116001", "116003").replace("911601", "911603");
    for (banks, remedy) in
        [(acleda.replace("ACLBKHPP", "acleda"), "bank.acleda.bic"), (format!("{acleda}{other}"), "another bank has this BIC")]
    {
        let said = refusal(&format!("{ACQUIRER}{banks}"));
        assert!(said.contains(remedy), "{said}");
    }
}
