//! A database's log (`-wal`): which page each of its frames holds, whether it is whole, and whether the log is damaged.
//!
//! SQLite reads a log up to the first frame that doesn't go on from the one before, and forgets the rest. Each frame's
//! checksum goes on from that of the frame before, so what that one says of itself shows whether this one is whole.
//!
//! What a process leaves that is killed at any moment is no damage: a transaction without its last frame, or with a
//! part of one (its head, a piece of its page); behind the end, what earlier transactions left that were killed, and
//! frames of a former log, which have other salts. None of that is a whole frame that ends a transaction, since it is
//! the last that is written. So one of those behind the end, of this log, tells of damage. (It is also there for as
//! long as this lasts: a process was killed between the last frame and its publication, others had the store open,
//! and all that they wrote since is shorter.)

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::pages::{FORMER_SIZE, USUAL_SIZE, read_at};
use super::record::number;

const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// An image of a page.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) page: u32,
    /// Where the image begins in the log.
    pub(super) offset: u64,
    pub(super) is_whole: bool,
}

/// What a log holds.
#[derive(Default)]
pub(super) struct Log {
    pub(super) page_size: Option<u64>,
    /// Up to the last that a transaction ended with.
    pub(super) frames: Vec<Frame>,
    /// Where the damage begins behind which whole transactions lie.
    damage: Option<u64>,
}

impl Log {
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        let head = read_at(file, 0, 32)?;
        let (Some(magic), Some(size)) = (number(&head, 0, 4), number(&head, 8, 4)) else {
            return Ok(Self::default());
        };
        let is_size = size.is_power_of_two() && (512..=65_536).contains(&size);
        // A damaged header says nothing.
        let size = if is_size { size } else { likely_size(file)? };
        let is_big = magic & 1 == 1;
        // The checksum up to here, as it is told and as it is computed: damage may have changed either.
        let (mut told, mut computed) =
            (Sum::told(&head, 24), head.get(..24).and_then(|head| Sum(0, 0).over(head, is_big)));
        let is_sound = told.is_some() && told == computed;
        let mut salts = head.get(16..24).filter(|_| is_sound).map(<[u8]>::to_vec);
        let mut log = Self { page_size: Some(size), ..Self::default() };
        let (mut ended, mut broken) = (0, (!is_sound).then_some(0));
        let mut reader = BufReader::with_capacity(1 << 16, file);
        reader.seek(SeekFrom::Start(LOG_HEADER))?;
        let mut bytes = Vec::new();
        for index in 0.. {
            bytes.clear();
            reader.by_ref().take(FRAME_HEADER + size).read_to_end(&mut bytes)?;
            let (Some(page), Some(commit)) = (number(&bytes, 0, 4), number(&bytes, 4, 4)) else { break };
            let (Some(salt), Some(data)) = (bytes.get(8..16), bytes.get(24..)) else { break };
            let sum = Sum::told(&bytes, 16);
            let after = |sum: Sum| sum.over(bytes.get(..8)?, is_big)?.over(data, is_big);
            let from_told = told.and_then(after);
            let goes_on = sum.is_some() && (from_told == sum || computed.and_then(after) == sum);
            (told, computed) = (sum, from_told);
            let is_of_this = salts.get_or_insert_with(|| salt.to_vec()) == salt;
            let is_whole = is_of_this && goes_on && data.len() as u64 == size;
            let offset = LOG_HEADER + index * (FRAME_HEADER + size) + FRAME_HEADER;
            log.frames.push(Frame { page: u32::try_from(page).unwrap_or(0), offset, is_whole });
            // The end of a transaction; the first that isn't whole may have been one, or may still become one.
            if commit != 0 && (is_whole || is_of_this && broken.is_none()) {
                ended = log.frames.len();
            }
            if is_whole && commit != 0 {
                log.damage = log.damage.or(broken);
            }
            if !is_whole {
                broken.get_or_insert(offset);
            }
        }
        log.frames.truncate(ended);
        Ok(log)
    }
}

/// The size of pages where the header doesn't say it: all frames of a log have the same salts, so those of the second
/// tell where it begins.
fn likely_size(file: &mut File) -> io::Result<u64> {
    let first = read_at(file, LOG_HEADER + 8, 8)?;
    for size in [USUAL_SIZE, FORMER_SIZE] {
        if first.len() == 8 && read_at(file, LOG_HEADER + FRAME_HEADER + size + 8, 8)? == first {
            return Ok(size);
        }
    }
    let has_one = file.metadata()?.len() >= LOG_HEADER + FRAME_HEADER + USUAL_SIZE;
    Ok(if has_one { USUAL_SIZE } else { FORMER_SIZE })
}

/// Whether a log has whole transactions behind a damage: SQLite would forget them.
pub(in crate::sqlite) fn is_damaged(path: &Path) -> io::Result<bool> {
    let look = || -> io::Result<Option<u64>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Log::read(&mut file)?.damage)
    };
    // Another process may have written a frame while it was looked at.
    Ok(match look()? {
        None => false,
        found => look()? == found,
    })
}

/// The log's running checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sum(u32, u32);

impl Sum {
    fn told(bytes: &[u8], at: usize) -> Option<Self> {
        let half = |at| number(bytes, at, 4).and_then(|half| u32::try_from(half).ok());
        Some(Self(half(at)?, half(at + 4)?))
    }

    fn over(self, bytes: &[u8], is_big: bool) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<4>() else { return None };
        let (pairs, []) = words.as_chunks::<2>() else { return None };
        let word =
            |bytes: [u8; 4]| if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        Some(pairs.iter().fold(self, |Self(one, two), [first, second]| {
            let one = one.wrapping_add(word(*first)).wrapping_add(two);
            Self(one, two.wrapping_add(word(*second)).wrapping_add(one))
        }))
    }
}
