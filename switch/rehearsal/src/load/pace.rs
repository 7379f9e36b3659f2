//! When requests are due: a rate that does not listen to answers (an open model), at random or as a steady beat, rising at first.
//!
//! The moments are the plan, and never move: who cannot keep them is late. They are kept by a thread of its own, since the
//! runtime's clock ticks in milliseconds and a sleeping thread wakes within a tenth of one.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Error;
use crate::dice::Dice;

/// The longest sleep, after which one looks whether all is over.
const SLEEP_MAX: Duration = Duration::from_millis(20);

/// The moments at which requests are due, since the beginning.
///
/// With a rate r that rises over a ramp T, t²·r/2T requests are due until t, and after T as many as the rate says. The moment of
/// a request is where that number reaches its own: 1, 2, 3 … for a steady beat; for a Poisson process numbers that are apart
/// by exponentially distributed steps of mean 1.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: f64,
    ramp: f64,
    /// `None` for a steady beat.
    dice: Option<Dice>,
    reached: f64,
}

impl Pace {
    /// `seed` is of a Poisson process, `None` of a steady beat.
    pub(crate) fn new(per_second: f64, ramp: Duration, seed: Option<u64>) -> Self {
        Self { per_second, ramp: ramp.as_secs_f64(), dice: seed.map(Dice::new), reached: 0.0 }
    }

    /// When the number of requests that are due reaches `number`, in seconds.
    fn moment_of(&self, number: f64) -> f64 {
        let risen = self.per_second * self.ramp / 2.0;
        if number < risen {
            (2.0 * self.ramp * number / self.per_second).sqrt()
        } else {
            self.ramp + (number - risen) / self.per_second
        }
    }
}

impl Iterator for Pace {
    type Item = Duration;

    /// Never ends, except where a moment is beyond what a clock can tell.
    fn next(&mut self) -> Option<Duration> {
        self.reached += self.dice.as_mut().map_or(1.0, |dice| -dice.fraction().ln());
        Duration::try_from_secs_f64(self.moment_of(self.reached)).ok()
    }
}

/// Hands each moment of `pace` to `due` when it has come, until one is past `lasts` or `due` says that nobody wants more.
pub(crate) fn keep(
    pace: Pace,
    began: Instant,
    lasts: Duration,
    mut due: impl FnMut(Instant) -> bool + Send + 'static,
    over: impl Fn() -> bool + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let keeping = move || {
        for moment in pace.take_while(|moment| *moment < lasts) {
            let moment = began + moment;
            loop {
                let left = moment.saturating_duration_since(Instant::now());
                if over() {
                    return;
                }
                if left.is_zero() {
                    break;
                }
                thread::sleep(left.min(SLEEP_MAX));
            }
            if !due(moment) {
                return;
            }
        }
    };
    thread::Builder::new().name("pace".to_owned()).spawn(keeping).map_err(Error::NoThread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(pace: Pace, time: Duration) -> Vec<Duration> {
        pace.take_while(|moment| *moment <= time).collect()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_steady_beat_is_even() {
        let moments = within(Pace::new(4.0, Duration::ZERO, None), SECOND);
        assert_eq!(moments, [250, 500, 750, 1000].map(Duration::from_millis));
    }

    #[test]
    fn a_rate_that_rises_brings_a_quarter_in_half_the_time() {
        let moments = within(Pace::new(100.0, 4 * SECOND, None), 5 * SECOND);
        let until = |time| moments.iter().filter(|moment| **moment <= time).count();
        assert_eq!([1, 2, 3, 4, 5].map(|seconds| until(SECOND * seconds)), [12, 50, 112, 200, 300]);
    }

    #[test]
    fn a_poisson_process_keeps_its_rate_varies_as_it_must_and_comes_again_with_its_seed() {
        let moments = |seed| within(Pace::new(1000.0, Duration::ZERO, Some(seed)), 20 * SECOND);
        assert_eq!(moments(7), moments(7));
        assert_ne!(moments(7)[0], moments(8)[0]);
        let mut each = [0_i32; 200];
        moments(7).iter().for_each(|moment| each[usize::try_from(moment.as_millis() / 100).unwrap().min(199)] += 1);
        let (sum, squares) = (each.iter().sum::<i32>(), each.iter().map(|count| (count - 100).pow(2)).sum::<i32>());
        assert!((19_600..20_400).contains(&sum), "{sum}");
        // Mean and variance of a Poisson process are the same: 100 in each tenth of a second.
        assert!((75..125).contains(&(squares / 200)), "{}", squares / 200);
    }
}
