//! A histogram that takes no more room than what it has seen: most groups see a few dozen durations.

/// How many durations fell into which bucket, sorted; a bucket is at most 0.8 % wide.
#[derive(Clone, Debug, Default)]
pub(super) struct Durations {
    buckets: Vec<(u16, u64)>,
    count: u64,
    sum: u64,
    min: Option<u64>,
    max: u64,
}

/// How finely each power of two is divided, as a number of bits.
const FINE: u32 = 7;

impl Durations {
    pub(super) fn add(&mut self, nanos: u64) {
        let bucket = bucket_of(nanos);
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => {
                if let Some((_, count)) = self.buckets.get_mut(place) {
                    *count += 1;
                }
            }
            Err(place) => self.buckets.insert(place, (bucket, 1)),
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(nanos);
        self.min = Some(self.min.map_or(nanos, |min| min.min(nanos)));
        self.max = self.max.max(nanos);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Exactly all of them together; it stays at its end.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// Exactly the shortest; 0 where there is none.
    pub(super) fn min(&self) -> u64 {
        self.min.unwrap_or(0)
    }

    /// Exactly the longest.
    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// What so many of a hundred took at most; to 0.8 %.
    pub(super) fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return highest_of(*bucket).min(self.max);
            }
        }
        self.max
    }
}

/// Small values have buckets of their own; larger ones share by their first bits.
fn bucket_of(nanos: u64) -> u16 {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(FINE + 1);
    // At most 56 shifts of 7 bits, so that it fits.
    ((shift << FINE) as u64 + (nanos >> shift)) as u16
}

fn highest_of(bucket: u16) -> u64 {
    let whole = 1 << FINE;
    let bucket = u64::from(bucket);
    if bucket < 2 * whole {
        return bucket;
    }
    let shift = (bucket >> FINE) - 1;
    let lowest = (bucket - (shift << FINE)) << shift;
    lowest + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_in_a_bucket_that_is_hardly_longer() {
        for nanos in [0, 1, 127, 128, 255, 256, 257, 999, 1_000_000, 86_400_000_000_000, u64::MAX] {
            let highest = highest_of(bucket_of(nanos));
            assert!(highest >= nanos && highest - nanos <= nanos / 128, "{nanos} is said to be {highest}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_durations() {
        let mut durations = Durations::default();
        (1..=1000).for_each(|millis| durations.add(millis * 1_000_000));
        for (percent, millis) in [(50, 500), (95, 950), (99, 990)] {
            let off = durations.percentile(percent) as f64 / (millis * 1_000_000) as f64;
            assert!((1.0..1.008).contains(&off), "{percent}: {off}");
        }
        assert_eq!((durations.percentile(100), durations.max()), (1_000_000_000, 1_000_000_000));
        assert_eq!(durations.min(), 1_000_000);
        let none = Durations::default();
        assert_eq!((none.percentile(50), none.min()), (0, 0));
    }
}
