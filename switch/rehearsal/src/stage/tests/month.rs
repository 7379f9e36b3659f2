//! A month in seconds: salaries on two paydays, customers every day, a cutover every night.

use std::time::Instant;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_month_with_two_paydays_and_daily_cutovers_runs_in_seconds() {
    let begun = Instant::now();
    let mut scene = Scene::new();
    let payees = ["dara", "sophea", "bopha", "rithy", "vanna", "chan"];
    let before: Vec<_> = payees.iter().map(|alias| scene.account(alias).balance).collect();
    let first = scene.stage.status().unwrap().date;
    let (mut cutovers, mut salaries) = (0, 0);

    for day in 1..=31 {
        if day == 15 || day == 30 {
            for alias in payees {
                let card = scene.card(alias);
                let bank = scene.cast.bank(&card.bank).unwrap().institution;
                let account = card.account(khr(0).currency()).unwrap().number;
                let salary = scene.till.salary(bank, account, khr(1_200_000));
                assert_eq!(scene.ask(&salary), ResponseCode::APPROVED, "{alias} on day {day}");
                salaries += 1;
            }
        }
        for alias in payees {
            let request = scene.withdrawal(alias, 20_000);
            assert_eq!(scene.ask(&request), ResponseCode::APPROVED, "{alias} on day {day}");
        }
        let told = scene.pass(DAY);
        cutovers += told.iter().filter(|it| *it == "switch > wing 0800").count();
        assert!(scene.positions_sum_to_zero(), "day {day}");
        scene.seen.clear();
    }

    let status = scene.stage.status().unwrap();
    assert_eq!((cutovers, salaries, status.date.days() - first.days()), (31, 12, 31));
    assert_eq!((status.owed, status.dead_letters), (0, 0));
    for (alias, before) in payees.iter().zip(before) {
        assert_eq!(scene.account(alias).balance, before + 2 * 120_000_000 - 31 * (2_000_000 + 180_000), "{alias}");
    }
    assert_eq!(scene.stage.world.examine(), []);
    println!("31 days with {} banks: {:?}", scene.stage.banks.len(), begun.elapsed());
}
