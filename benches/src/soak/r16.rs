//! R16: clocks that jump, and events of any time: order is by seq, and retention deletes nothing that is young.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use newswire::{Bus, BusOptions, Delivery, Event, Kind};
use newswire_store::{Clock, Retention, SqliteStore, Store, StoreKeeper, StoreOptions, Writer};

use super::stored::{self, LONG, Random, folder};
use crate::report::{Limit, Line};
use crate::scale::Scale;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;
const YEAR: i64 = 8766 * HOUR;
/// A day in November 2026.
const BEGINNING: i64 = 1_795_000_000 * SECOND;

/// A clock that is set by hand.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now_ns(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    let rounds: u64 = scale.pick(30, 1_000);
    let file = folder("r16").join("events.db");
    let clock = Arc::new(Hands(AtomicI64::new(BEGINNING)));
    let retention = Retention { max_age: Some(Duration::from_secs(30 * 86_400)), ..Retention::default() };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut published, mut backwards, mut wiped, mut disordered) = (0_u64, 0_u64, 0_u64, 0_u64);
    for round in 0..rounds {
        // One hour back or forth (summer time), a leap second, ten years ahead, back to 1970, anything at all.
        let now = match round % 8 {
            0 => BEGINNING,
            1 => BEGINNING - HOUR,
            2 => BEGINNING + HOUR,
            3 => BEGINNING - SECOND,
            4 => BEGINNING + 10 * YEAR,
            5 => 0,
            6 => random.next().cast_signed(),
            _ => random.next().cast_signed().wrapping_neg(),
        };
        clock.0.store(now, Ordering::Relaxed);
        let store = SqliteStore::open(&file).expect("a store").with_clock(clock.clone());
        let bus = Bus::with(BusOptions { name: "main".into(), ..BusOptions::default() }).expect("a name");
        bus.attach_store("hands", Box::new(StoreKeeper::new(store, StoreOptions::default())))
            .expect("a store");
        for _ in 0..20 {
            let time = match random.below(4) {
                0 => i64::MIN,
                1 => i64::MAX,
                _ => random.next().cast_signed().wrapping_sub(i64::MAX / 2),
            };
            let event = Event::builder(Kind::parse("tick.heard").expect("a kind")).time_ns(time).build();
            bus.publish(event.expect("an event of any time")).expect("an open bus");
            published += 1;
        }
        assert!(bus.close(LONG).complete);
        let store = SqliteStore::open(&file).expect("a store").with_clock(clock.clone());
        let mut writer: Box<dyn Writer> = store.writer("main").expect("no other writer");
        while writer.prune(&retention).expect("a disk that works") {}
        drop(writer);
        let mut seqs = Vec::new();
        let past = store.past("main").expect("the bus");
        stored::each(&past, |delivery| {
            if let Delivery::Event(event) = delivery {
                seqs.push(event.seq());
            }
        })
        .expect("a file that can be read");
        wiped = wiped.max(published - seqs.len() as u64);
        disordered += u64::from(!seqs.is_sorted());
        backwards += past.since(i64::MAX).map_or(1, |_| 0);
    }
    let line = |name: &str, value: u64, unit| {
        Line::new(format!("R16.{name}"), value as f64, Limit::AtMost(0.0), unit).with("clocks", rounds)
    };
    vec![
        line("wiped", wiped, "events"),
        line("disordered", disordered, "replays"),
        line("failed", backwards, "searches by time"),
    ]
}
