//! Newswire beside its peers.
mod clock;
mod fabric;
mod harness;
mod peers;
mod sample;
mod structures;

use harness::*;

macro_rules! all { ($load:expr, $subs:expr, $cap:expr, $($name:literal => $open:expr),* $(,)?) => {
    {
    let mut rows: Vec<(&str, Vec<Cost>)> = vec![$(($name, vec![])),*];
    for _ in 0..7 {
        let mut i = 0;
        $( rows[i].1.push(run($open($subs, $cap), $load)); i += 1; )*
        let _ = i;
    }
    for (name, costs) in rows {
        let med = |f: fn(&Cost) -> f64| { let mut v: Vec<f64> = costs.iter().map(f).collect(); v.sort_by(f64::total_cmp); v[v.len()/2] };
        println!("{:2} subs {:2} pubs {:?} {:22} publisher {:8.1} process {:8.1} wall {:8.1}", $subs, $load.publishers, $load.habit, name, med(|c| c.publisher), med(|c| c.process), med(|c| c.wall));
    }
    }
} }

type O = std::sync::OnceLock<newswire::Event>;
type R = structures::raw::Raw;
use std::time::Duration;
fn log0(s: usize, _: usize) -> fabric::Opened<structures::log::Log<O>> { structures::log::open(s, Duration::ZERO) }
fn raw0(s: usize, _: usize) -> fabric::Opened<structures::log::Log<R>> { structures::log::open(s, Duration::ZERO) }
fn raw50(s: usize, _: usize) -> fabric::Opened<structures::log::Log<R>> { structures::log::open(s, Duration::from_micros(50)) }
fn main() {
    let mut rows: Vec<(&str, Vec<[f64;2]>)> = vec![("tokio", vec![]), ("crossbeam", vec![]), ("queues", vec![]), ("ring", vec![]), ("log", vec![]), ("raw", vec![]), ("raw50", vec![])];
    for _ in 0..5 {
        rows[0].1.push(run_asleep(peers::broadcast::open(1, 1024), 300, 16));
        rows[1].1.push(run_asleep(peers::channels::open(1, 1024), 300, 16));
        rows[2].1.push(run_asleep(structures::queues::open(1, 1024), 300, 16));
        rows[3].1.push(run_asleep(structures::ring::open(1, 1024), 300, 16));
        rows[4].1.push(run_asleep(log0(1, 1024), 300, 16));
        rows[5].1.push(run_asleep(raw0(1, 1024), 300, 16));
        rows[6].1.push(run_asleep(raw50(1, 1024), 300, 16));
    }
    for (name, v) in rows {
        println!("asleep {name:10} first {:.0} further {:.0}", median(&mut v.iter().map(|x| x[0]).collect::<Vec<_>>()), median(&mut v.iter().map(|x| x[1]).collect::<Vec<_>>()));
    }
}
