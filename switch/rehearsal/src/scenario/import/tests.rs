//! Sheets as testers keep them, and what they are told of sheets that are wrong.

use super::*;

fn imported(sheet: &str) -> Vec<Imported> {
    import("cases.csv", sheet.as_bytes(), &Cast::builtin()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn told(sheet: &str) -> Vec<String> {
    let problems = import("cases.csv", sheet.as_bytes(), &Cast::builtin()).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn rows_of_one_title_make_one_file_in_the_canonical_form() {
    let sheet = "\u{feff}scenario;tags;send;card;amount;currency;terminal;expect;code;expect.rrn;assert;change\r\n\
        Cash is paid;cash, atm;withdrawal;dara;50000.00;KHR;;210;0;{ echo = true };;\r\n\
        ;;;dara;;KHR;;;;;ledger;-51800.00 KHR\r\n\
        ;;;;;;;;;;;\r\n\
        \"Said \"\"no\"\"; loudly\";;purchase;lost;12.50 USD;;SHOP0009;;41;;;\r\n";
    let files = imported(sheet);
    let names: Vec<_> = files.iter().map(|file| file.file_name.as_str()).collect();
    assert_eq!(names, ["cash-is-paid.toml", "said-no-loudly.toml"]);
    let cash = "# From cases.csv, rows 2 and 3.\n\ntitle = \"Cash is paid\"\ntags = [\"cash\", \"atm\"]\n\n[[step]]\nsend = \"withdrawal\"\n\
        card = \"dara\"\namount = \"50000.00 KHR\"\n\n[[step]]\nexpect = \"0210\"\nrrn = { echo = true }\ncode = \"00\"\n\n[[step]]\n\
        assert = \"ledger\"\ncard = \"dara\"\ncurrency = \"KHR\"\nchange = \"-51800.00 KHR\"\n";
    assert_eq!(files[0].text, cash);
    let lost = "# From cases.csv, row 5.\n\ntitle = 'Said \"no\"; loudly'\n\n[[step]]\nsend = \"purchase\"\ncard = \"lost\"\n\
        amount = \"12.50 USD\"\nterminal = \"SHOP0009\"\n\n[[step]]\nexpect = \"answer\"\ncode = \"41\"\n";
    assert_eq!(files[1].text, lost);
    for file in &files {
        assert_eq!(crate::scenario::format(&file.text).unwrap(), file.text);
    }
}

#[test]
fn commas_semicolons_and_tabs_are_told_apart() {
    for delimiter in [",", ";", "\t"] {
        let sheet = ["scenario|send|expect", "Echo|echo|0810"].join("\n").replace('|', delimiter);
        assert_eq!(imported(&sheet).len(), 1, "{delimiter:?}");
    }
}

#[test]
fn titles_that_would_make_the_same_name_make_two() {
    let files = imported("scenario,send,expect\nEcho!,echo,0810\nEcho?,echo,0810\n???,echo,0810\n");
    let names: Vec<_> = files.iter().map(|file| file.file_name.as_str()).collect();
    assert_eq!(names, ["echo.toml", "echo-2.toml", "scenario.toml"]);
}

#[test]
fn what_is_wrong_is_told_with_its_row_and_column() {
    let cases = [
        ("scenario,sent\na,echo\n", "row 1, column sent: is not known; did you mean send"),
        ("send,expect\necho,0810\n", "row 1, column scenario: is missing"),
        ("scenario,send,send\na,echo,\n", "row 1, column send: is there twice"),
        ("scenario,send\n", "row 1: nothing stands below the header"),
        ("", "row 1: the file is empty"),
        ("scenario,send\n,echo\n", "row 2, column scenario: is empty"),
        ("scenario,send,expect\na,echo,0810,x\n", "row 2, column no. 4: has no name"),
        ("scenario,send,clock\na,echo,+1s\n", "row 2: does several things: send, clock"),
        ("scenario,card\na,dara\n", "row 2: does nothing"),
        ("scenario,send,code,on\na,echo,00,acleda\n", "row 2, column on: means nothing in a row of send and expect"),
        (
            "scenario,send,card,amount,code\na,purchase,dara,\"12,50 USD\",00\n",
            "row 2, column amount: \"12,50 USD\": write the number",
        ),
        ("scenario;send;card;amount;code\na;purchase;dara;1.000.000 KHR;00\n", "row 2, column amount: \"1.000.000 KHR\": write"),
        ("scenario;send;card;amount;code\na;purchase;dara;1'000.00 KHR;00\n", "row 2, column amount: \"1'000.00 KHR\": write"),
        ("scenario,send,card,amount,code\na,purchase,dara,12.50,00\n", "row 2, column amount: "),
        ("scenario,send,card,amount,code\na,purchase,darra,12.50 USD,00\n", "row 2, column card: "),
        (
            "scenario,send,code\n\"a\nb\",echo,00\n\nc,ecco,00\n",
            "row 4, column send: there is no \"ecco\" here; did you mean echo?",
        ),
        ("scenario,send,code\na,echo,{ echo = \n", "row 2, column code: "),
        ("scenario,send\na,echo\n", "row 2: nothing is expected"),
        ("scenario,about,send,code\na,x,echo,00\na,y,echo,00\n", "row 3, column about: says something else"),
    ];
    for (sheet, wanted) in cases {
        let told = told(sheet);
        assert!(told.iter().any(|it| it.starts_with(wanted)), "{sheet}\nwanted {wanted}\ntold {told:#?}");
    }
    let latin = import("cases.csv", b"scenario,send\ncaf\xe9,echo\n", &Cast::builtin()).unwrap_err();
    assert_eq!(latin[0].to_string(), "row 1: the file is not in UTF-8; save it as \"CSV UTF-8\"");
}

#[test]
fn a_card_number_is_refused_and_not_repeated() {
    let pan = Cast::builtin().card("dara").unwrap().pan.number().to_string();
    let told = told(&format!("scenario,send,card,code\na,purchase,{pan},00\n"));
    assert!(told[0].starts_with("row 2, column card: this looks like a card number"), "{told:?}");
    assert!(!told.join("").contains(&pan));
}

#[test]
fn every_problem_of_a_sheet_is_told() {
    let sheet = "scenario,send,card,amount,code\na,purchase,nobody,1 USD,00\nb,purchase,dara,1,00\nc,buy,dara,1 USD,00\n";
    let rows: Vec<_> = told(sheet).iter().map(|it| it.chars().take(5).collect::<String>()).collect();
    assert_eq!(rows, ["row 2", "row 3", "row 4"]);
}
