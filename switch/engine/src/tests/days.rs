//! Business dates: cutover, closing, and in which day something counts.

use super::*;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const DAY: u64 = 24 * 3600;

#[test]
fn a_day_closes_when_every_request_of_it_has_its_answer() {
    let mut world = World::new();
    let today = world.state().date();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.leg_at(ACLEDA);
    world.order(Command::Cutover).unwrap();
    let told = world.at_bank(ACLEDA);
    assert_eq!(told[0].network, Some(NetworkCode::Cutover));
    assert_eq!(told[0].business_date, Some(today.next().month_day()));
    assert!(world.state().date() > today && !world.state().is_closed(today));
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert!(world.state().is_closed(today));
    let posted: Vec<_> = world.state().positions().map(|(date, ..)| date).collect();
    assert_eq!(posted, [today, today], "it counts in the day of its acceptance");
}

#[test]
fn what_is_owed_to_a_bank_holds_no_day_open_and_a_reversal_after_the_close_counts_in_the_open_day() {
    let mut world = World::new();
    let today = world.state().date();
    let request = world.approved(Kind::Withdrawal);
    world.order(Command::Cutover).unwrap();
    assert!(world.state().is_closed(today));
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    let advice = world.at_bank(ACLEDA).pop().unwrap();
    assert_eq!(advice.business_date, Some(today.month_day()), "a leg keeps its date");
    let net = |date| world.state().positions().filter(|it| it.0 == date).map(|it| it.3).collect::<Vec<_>>();
    assert_eq!(net(today), [-5_000_000, 5_000_000]);
    assert_eq!(net(world.state().date()), [5_000_000, -5_000_000]);
}

#[test]
fn a_cutover_by_order_comes_before_the_clocks_and_dates_never_turn_back() {
    let mut world = World::new();
    let today = world.state().date();
    world.order(Command::Cutover).unwrap();
    world.wait(seconds(DAY));
    assert_eq!(world.state().date(), today.next());
    world.wait(seconds(DAY));
    assert_eq!(world.state().date().days(), today.days() + 2);
}

#[test]
fn the_day_may_end_before_midnight() {
    let mut world = World::with(|rules| rules.cutover = seconds(22 * 3600));
    let today = world.state().date();
    world.wait(seconds(10 * 3600 - 1));
    assert_eq!(world.state().date(), today);
    world.wait(seconds(1));
    assert_eq!(world.state().date(), today.next());
}

#[test]
fn a_pending_credit_is_posted_in_the_day_that_is_open_when_its_outcome_is_found() {
    let mut world = World::new();
    let salary = world.salary(900);
    world.send(&salary);
    let leg = world.leg_at(ACLEDA);
    world.wait(seconds(26));
    assert_eq!(world.told(), [ResponseCode::IN_PROGRESS]);
    let today = world.state().date();
    world.order(Command::Cutover).unwrap();
    assert!(world.state().is_closed(today));
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!(world.positions(), [(116_001, 900), (116_900, -900)]);
}

#[test]
fn a_date_opens_at_the_stroke_of_the_clock_though_nothing_else_happens() {
    let mut world = World::new();
    let today = world.state().date();
    let opens = Rules { offset: UtcOffset::parse("+07:00").unwrap(), ..Rules::default() }.opens(today.next());
    assert_eq!(world.deadline(), opens);
    world.order(Command::Cutover).unwrap();
    assert_eq!(world.deadline(), opens + Duration::from_secs(DAY), "what was ordered needs no clock");
}

#[test]
fn from_its_cutover_a_day_belongs_to_the_next_date_however_early_that_is() {
    let offset = UtcOffset::parse("+07:00").unwrap();
    let at = |text| Timestamp::parse(text).unwrap();
    for (cutover, before, after) in
        [("00:00", None, "2022-12-31"), ("00:01", Some("2022-12-31"), "2023-01-01"), ("08:00", Some("2022-12-31"), "2023-01-01")]
    {
        let minutes = cutover[..2].parse::<u64>().unwrap() * 60 + cutover[3..].parse::<u64>().unwrap();
        let rules = Rules { offset, cutover: Duration::from_secs(minutes * 60), ..Rules::default() };
        assert_eq!(rules.date_at(at("2022-12-31T08:30:00+07:00")).to_string(), after, "{cutover}");
        if let Some(before) = before {
            assert_eq!(rules.date_at(at("2022-12-31T00:00:30+07:00")).to_string(), before, "{cutover}");
        }
    }
}

#[test]
fn the_next_cutover_is_when_the_date_changes() {
    let offset = UtcOffset::parse("+07:00").unwrap();
    for hours in [0, 1, 12, 23] {
        let rules = Rules { offset, cutover: Duration::from_secs(hours * 3600), ..Rules::default() };
        let mut at = Timestamp::from_micros(1_672_192_800_000_000);
        for _ in 0..3 {
            let (date, next) = (rules.date_at(at), rules.next_cutover(at));
            let before = next - Duration::from_micros(1);
            assert!(next > at && rules.date_at(before) == date, "cutover at {hours}:00");
            assert_eq!(rules.date_at(next).days(), date.days() + 1);
            assert_eq!(offset.local_time(next).number(), u32::try_from(hours).unwrap() * 10_000);
            at = next;
        }
    }
}
