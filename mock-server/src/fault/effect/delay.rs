//! How long something takes: drawn from a distribution, the same on every run.

use std::time::Duration;

use rand::RngExt;
use rand::distr::weighted::WeightedIndex;
use rand_distr::{Distribution as _, LogNormal, Normal, Pareto};

use crate::config::{Count, Span};
use crate::fault::InvalidRule;
use crate::fault::draw::Draw;
use crate::fault::spec::{
    Bucket, DelayClock, DelaySpec, Distribution, LogNormalSpec, NormalSpec, ParetoSpec, UniformSpec, Where,
};

/// A delay that was checked.
#[derive(Debug)]
pub(crate) struct Delay {
    law: Law,
    place: Where,
    clock: DelayClock,
    longest: Duration,
    chunk: usize,
}

/// A delay of one exchange.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Drawn {
    /// Before the head.
    Head(DelayClock, Duration),
    /// Between head and body.
    Body(Duration),
    /// Before each chunk of so many bytes.
    Chunks(usize, Vec<Duration>),
}

/// In seconds.
#[derive(Debug)]
enum Law {
    Fixed(f64),
    Uniform(f64, f64),
    Normal(Normal<f64>),
    LogNormal(LogNormal<f64>),
    Pareto(Pareto<f64>),
    /// Upper ends, and how often.
    Histogram(Vec<f64>, WeightedIndex<f64>),
}

/// No delay is longer: whoever waits for a day has long given up.
const LONGEST: Duration = Duration::from_hours(24);
/// Where 99 of 100 lie below in a normal distribution.
const Z99: f64 = 2.326_347_874_040_840_8;
/// Bytes of a chunk unless the rule says otherwise.
const CHUNK: usize = 64;
/// Chunks that have a delay of their own; those beyond share the last.
const CHUNKS: usize = 1000;
/// Bars of a histogram at most.
const MOST_BUCKETS: usize = 1000;

// === impl Delay ===

impl Delay {
    pub(super) fn compile(spec: &DelaySpec) -> Result<Self, InvalidRule> {
        let wrong = |problem: &str| Err(InvalidRule::value("effect.delay", problem));
        let DelaySpec { distribution, place, clock, max, chunk } = spec;
        if *clock == DelayClock::Sandbox && *place != Where::Head {
            return wrong("on the sandbox's clock a delay can only stand before the head");
        }
        if chunk.is_some() && *place != Where::Chunk {
            return wrong("chunk belongs to where = \"chunk\"");
        }
        let longest = match (max, clock) {
            (Some(max), _) => max.unsigned(),
            (None, DelayClock::Real) => LONGEST,
            (None, DelayClock::Sandbox) => Duration::MAX,
        };
        if *clock == DelayClock::Real && longest > LONGEST {
            return wrong("it is 24h at most on the real clock");
        }
        let law = Law::compile(distribution)?;
        if let Law::Fixed(seconds) = law
            && seconds > longest.as_secs_f64()
        {
            return wrong("it is longer than its max; 24h at most on the real clock");
        }
        Ok(Self { law, place: *place, clock: *clock, longest, chunk: chunk.map_or(CHUNK, Count::get) })
    }

    /// The delay of one exchange.
    pub(crate) fn draw(&self, draw: Draw) -> Drawn {
        let mut stream = draw.stream("delay");
        let mut next = || {
            let seconds = self.law.sample(&mut stream).max(0.0);
            Duration::try_from_secs_f64(seconds).unwrap_or(self.longest).min(self.longest)
        };
        match self.place {
            Where::Head => Drawn::Head(self.clock, next()),
            Where::Body => Drawn::Body(next()),
            Where::Chunk => Drawn::Chunks(self.chunk, std::iter::repeat_with(next).take(CHUNKS).collect()),
        }
    }
}

// === impl Drawn ===

impl Drawn {
    /// For people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Head(DelayClock::Real, delay) => format!("delay {}", millis(*delay)),
            Self::Head(DelayClock::Sandbox, delay) => format!("delay {} on the sandbox's clock", millis(*delay)),
            Self::Body(delay) => format!("delay {} before the body", millis(*delay)),
            Self::Chunks(bytes, delays) => {
                let first = delays.first().copied().unwrap_or_default();
                format!("delay {} and so on before chunks of {bytes} bytes", millis(first))
            }
        }
    }
}

fn millis(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

// === impl Law ===

impl Law {
    fn compile(distribution: &Distribution) -> Result<Self, InvalidRule> {
        let wrong = |problem: &str| InvalidRule::value("effect.delay", problem);
        let seconds = |span: Span| span.unsigned().as_secs_f64();
        Ok(match distribution {
            Distribution::Fixed(span) => Self::Fixed(seconds(*span)),
            Distribution::Uniform(UniformSpec { min, max }) => {
                let (min, max) = (min.map_or(0.0, seconds), seconds(*max));
                if min > max {
                    return Err(wrong("min is more than max"));
                }
                Self::Uniform(min, max)
            }
            Distribution::Normal(NormalSpec { mean, sd }) => {
                let law = Normal::new(seconds(*mean), seconds(*sd));
                Self::Normal(law.map_err(|error| wrong(&format!("normal: {error}")))?)
            }
            Distribution::LogNormal(LogNormalSpec { median, p99, sigma }) => {
                let median = seconds(*median);
                let sigma = match (p99.map(seconds), sigma) {
                    (Some(p99), None) if p99 >= median => (p99 / median).ln() / Z99,
                    (Some(_), None) => return Err(wrong("p99 is less than the median")),
                    (None, Some(sigma)) => *sigma,
                    _ => return Err(wrong("lognormal takes a median, and one of p99 and sigma")),
                };
                let law = LogNormal::new(median.ln(), sigma);
                Self::LogNormal(law.map_err(|_| wrong("sigma is a number, and not negative"))?)
            }
            Distribution::Pareto(ParetoSpec { min, shape }) => {
                let law = Pareto::new(seconds(*min), *shape);
                Self::Pareto(law.map_err(|_| wrong("shape is a number above zero"))?)
            }
            Distribution::Histogram(buckets) => {
                let ends: Vec<f64> = buckets.iter().map(|Bucket { to, .. }| seconds(*to)).collect();
                if ends.is_empty() || ends.len() > MOST_BUCKETS || !ends.is_sorted_by(|one, next| one < next) {
                    return Err(wrong("a histogram has 1 to 1000 bars, each ending later than the one before"));
                }
                let weights = WeightedIndex::new(buckets.iter().map(|bucket| bucket.weight));
                let weights = weights.map_err(|_| wrong("weights are not negative, and one is above zero"))?;
                Self::Histogram(ends, weights)
            }
        })
    }

    fn sample(&self, stream: &mut impl rand::Rng) -> f64 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Uniform(min, max) => stream.random_range(*min..=*max),
            Self::Normal(law) => law.sample(stream),
            Self::LogNormal(law) => law.sample(stream),
            Self::Pareto(law) => law.sample(stream),
            Self::Histogram(ends, weights) => {
                let bar = weights.sample(stream);
                let begins = bar.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0.0);
                stream.random_range(begins..=ends.get(bar).copied().unwrap_or(begins))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::draw::Draws;

    /// Sorted milliseconds of so many exchanges.
    fn sample(json: &str) -> Vec<f64> {
        let delay = Delay::compile(&serde_json::from_str(json).unwrap()).unwrap();
        let draws = Draws::of_sandbox(1, "t").of_rule("r");
        let one = |ordinal| match delay.draw(draws.at("k", ordinal)) {
            Drawn::Head(DelayClock::Real, delay) => delay.as_secs_f64() * 1000.0,
            other @ (Drawn::Head(..) | Drawn::Body(_) | Drawn::Chunks(..)) => panic!("{other:?}"),
        };
        let mut all: Vec<f64> = (1..=20_000).map(one).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The quantiles of 20,000 draws lie within five standard errors of what the textbook says.
    #[track_caller]
    fn check(json: &str, quantiles: &[(f64, f64, f64)]) {
        let all = sample(json);
        for (share, expected, tolerance) in quantiles {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
            let found = all[(share * 20_000.0) as usize];
            assert!((found - expected).abs() <= *tolerance, "{json}: {share} at {found}, not {expected}");
        }
    }

    #[test]
    fn each_distribution_is_what_its_name_says() {
        check(r#""2s""#, &[(0.0, 2000.0, 0.0), (0.999, 2000.0, 0.0)]);
        check(r#"{"uniform":{"min":"100ms","max":"300ms"}}"#, &[(0.25, 150.0, 4.0), (0.5, 200.0, 4.0)]);
        check(r#"{"normal":{"mean":"500ms","sd":"100ms"}}"#, &[(0.5, 500.0, 5.0), (0.841_344_7, 600.0, 8.0)]);
        check(r#"{"lognormal":{"median":"80ms","p99":"900ms"}}"#, &[(0.5, 80.0, 4.0), (0.99, 900.0, 125.0)]);
        check(r#"{"lognormal":{"median":"80ms","sigma":0.5}}"#, &[(0.5, 80.0, 2.0), (0.841_344_7, 131.9, 4.0)]);
        // A Pareto's median is min times 2 to the power of 1 by shape.
        check(r#"{"pareto":{"min":"50ms","shape":2.0}}"#, &[(0.0, 50.0, 0.2), (0.5, 70.71, 1.5)]);
        check(
            r#"{"histogram":[{"to":"100ms","weight":90},{"to":"1s","weight":10}]}"#,
            &[(0.45, 50.0, 3.0), (0.95, 550.0, 40.0)],
        );
        check(r#"{"pareto":{"min":"50ms","shape":0.1},"max":"60ms"}"#, &[(0.99, 60.0, 0.0)]);
    }

    #[test]
    fn a_delay_that_makes_no_sense_is_refused() {
        for (json, expected) in [
            (r#""25h""#, "24h at most"),
            (r#"{"uniform":{"min":"2s","max":"1s"}}"#, "min is more than max"),
            (r#"{"lognormal":{"median":"2s","p99":"1s"}}"#, "p99 is less than the median"),
            (r#"{"lognormal":{"median":"2s"}}"#, "one of p99 and sigma"),
            (r#"{"pareto":{"min":"2s","shape":0}}"#, "shape is a number above zero"),
            (r#"{"histogram":[]}"#, "a histogram has 1 to 1000 bars"),
            (r#"{"histogram":[{"to":"2s","weight":0}]}"#, "weights are not negative"),
            (r#"{"fixed":"1s","where":"body","clock":"sandbox"}"#, "only stand before the head"),
            (r#"{"fixed":"1s","chunk":5}"#, "chunk belongs to"),
        ] {
            let refused = Delay::compile(&serde_json::from_str(json).unwrap()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{json}: {refused}");
        }
        let read = |json| serde_json::from_str::<DelaySpec>(json).unwrap_err().to_string();
        assert!(read(r#"{"fixed":"1s","uniform":{"max":"1s"}}"#).contains("give one of fixed, uniform"));
        assert!(read(r#"{"fixd":"1s"}"#).contains("unknown field `fixd`"));
        assert!(read("0").contains("is not a duration"));
    }

    #[test]
    fn chunks_have_a_draw_each() {
        let json = r#"{"uniform":{"max":"1s"},"where":"chunk","chunk":10}"#;
        let delay = Delay::compile(&serde_json::from_str(json).unwrap()).unwrap();
        let Drawn::Chunks(10, delays) = delay.draw(Draws::of_sandbox(1, "t").of_rule("r").at("k", 1)) else {
            panic!("it stands before each chunk");
        };
        assert!(delays.len() == CHUNKS && delays[0] != delays[1]);
    }
}
