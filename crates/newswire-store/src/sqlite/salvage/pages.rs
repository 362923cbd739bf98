//! The pages of a database and of its log, read one by one, whatever became of what should lead to them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::log::{Frame, Log};
use super::record::{number, varint};
use crate::sqlite::opened::Looked;

/// The size of pages in stores that are made now.
pub(super) const USUAL_SIZE: u64 = 8192;
/// The size in stores that were made before.
pub(super) const FORMER_SIZE: u64 = 4096;
/// How many pages are looked at to find out their size.
const SAMPLE: u64 = 1024;
/// More than any row of ours has.
const LARGEST_ROW: usize = 2 << 20;

/// A file of pages, with its log beside it.
pub(super) struct Pages {
    database: Looked,
    log: Option<File>,
    size: usize,
    /// How many the database's file has, a broken one at its end included.
    count: u32,
    /// Where the log has images of a page: the newest first, up to the first that is whole.
    in_log: HashMap<u32, Vec<Frame>>,
    free: HashSet<u32>,
}

/// A row's bytes, and its number where its table has such.
pub(super) struct Cell {
    pub(super) rowid: i64,
    pub(super) record: Vec<u8>,
}

impl Pages {
    pub(super) fn open(database: &Path, log: &Path) -> io::Result<Self> {
        let mut database = Looked::at(database)?;
        let mut log = match File::open(log) {
            Ok(log) => Some(log),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let head = read_at(database.file()?, 0, 100)?;
        let is_size = |size: &u64| size.is_power_of_two() && (512..=65_536).contains(size);
        let told = number(&head, 16, 2).map(|size| if size == 1 { 65_536 } else { size });
        let told = told.filter(|_| head.starts_with(b"SQLite format 3\0"));
        let found = log.as_mut().map(Log::read).transpose()?.unwrap_or_default();
        let size = match told.filter(is_size).or(found.page_size) {
            Some(size) => size,
            None => likely_size(database.file()?)?,
        };
        let mut pages = Self {
            size: usize::try_from(size).map_err(io::Error::other)?,
            count: 0,
            database,
            log,
            in_log: HashMap::new(),
            free: HashSet::new(),
        };
        for frame in found.frames.into_iter().rev() {
            let images = pages.in_log.entry(frame.page).or_default();
            if images.last().is_none_or(|last| !last.is_whole) {
                images.push(frame);
            }
        }
        let bytes = pages.database.file()?.metadata()?.len();
        pages.count = u32::try_from(bytes.div_ceil(pages.size as u64)).unwrap_or(u32::MAX);
        pages.free = pages.find_free()?;
        Ok(pages)
    }

    /// The pages that may hold something.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let (count, free) = (self.count, self.free.clone());
        let mut behind: Vec<u32> = self.in_log.keys().copied().filter(|page| *page > count).collect();
        behind.sort_unstable();
        (1..=count).chain(behind).filter(move |page| !free.contains(page))
    }

    /// How many images of a page there are: more than one where the newest is damaged.
    pub(super) fn images(&self, page: u32) -> usize {
        let in_log = self.in_log.get(&page).map_or(&[][..], Vec::as_slice);
        in_log.len() + usize::from(in_log.last().is_none_or(|last| !last.is_whole))
    }

    /// An image of a page, the newest being 0; zeros where the file ends in it.
    pub(super) fn image(&mut self, page: u32, image: usize) -> io::Result<Vec<u8>> {
        let in_log = self.in_log.get(&page).and_then(|images| images.get(image)).copied();
        let mut bytes = match (in_log, &mut self.log) {
            (Some(found), Some(log)) => read_at(log, found.offset, self.size)?,
            _ => {
                let offset = u64::from(page.saturating_sub(1)) * self.size as u64;
                read_at(self.database.file()?, offset, self.size)?
            }
        };
        bytes.resize(self.size, 0);
        Ok(bytes)
    }

    /// Where the rows of a page begin, if it is one with rows, and whether they have numbers (a table's leaf).
    pub(super) fn rows(page: u32, bytes: &[u8]) -> Option<(Vec<usize>, bool)> {
        let head = if page == 1 { 100 } else { 0 };
        let (rows, has_numbers) = match bytes.get(head)? {
            0x0d => (head + 8, true),
            0x0a => (head + 8, false),
            0x02 => (head + 12, false),
            _ => return None,
        };
        // Rows of inner pages follow the number of a page.
        let skip = if rows == head + 12 { 4 } else { 0 };
        let count = usize::try_from(number(bytes, head + 3, 2)?).ok()?;
        // As SQLite does: bits that no place in a page has are passed over.
        let mask = bytes.len().next_power_of_two() - 1;
        let place = |index| Some((usize::try_from(number(bytes, rows + 2 * index, 2)?).ok()? & mask) + skip);
        Some(((0..count).map_while(place).collect(), has_numbers))
    }

    /// The row that begins there.
    pub(super) fn cell(&mut self, bytes: &[u8], at: usize, has_number: bool) -> io::Result<Option<Cell>> {
        let head = |at: usize| varint(bytes.get(at..)?);
        let Some((len, mut skip)) = head(at) else { return Ok(None) };
        let mut rowid = 0;
        if has_number {
            let Some((number, more)) = head(at + skip) else { return Ok(None) };
            (rowid, skip) = (number.cast_signed(), skip + more);
        }
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= LARGEST_ROW) else { return Ok(None) };
        let here = self.len_here(len, has_number);
        let Some(local) = bytes.get(at + skip..at + skip + here) else { return Ok(None) };
        let mut record = local.to_vec();
        let mut next = number(bytes, at + skip + here, 4);
        while record.len() < len {
            let Some(page) = next.and_then(|page| u32::try_from(page).ok()).filter(|page| *page > 0) else {
                return Ok(None);
            };
            let more = self.image(page, 0)?;
            let wanted = (len - record.len()).min(self.size - 4);
            next = number(&more, 0, 4);
            record.extend(more.iter().skip(4).take(wanted));
        }
        Ok(Some(Cell { rowid, record }))
    }

    /// How much of a row of that length lies in its own page.
    fn len_here(&self, len: usize, has_number: bool) -> usize {
        let most = if has_number { self.size - 35 } else { (self.size - 12) * 64 / 255 - 23 };
        if len <= most {
            return len;
        }
        let least = (self.size - 12) * 32 / 255 - 23;
        let fitting = least + (len - least) % (self.size - 4);
        if fitting <= most { fitting } else { least }
    }

    /// The pages that hold nothing any more; those of which both the list and the map say so.
    fn find_free(&mut self) -> io::Result<HashSet<u32>> {
        let page =
            |bytes: &[u8], at| number(bytes, at, 4).and_then(|page| u32::try_from(page).ok()).unwrap_or(0);
        let mut trunk = page(&self.image(1, 0)?, 32);
        let (mut trunks, mut listed) = (HashSet::new(), HashSet::new());
        while trunk != 0 && trunk <= self.count && trunks.insert(trunk) {
            let bytes = self.image(trunk, 0)?;
            let leaves = usize::try_from(page(&bytes, 4)).unwrap_or(0).min(self.size / 4 - 2);
            listed.extend((0..leaves).map(|index| page(&bytes, 8 + 4 * index)));
            trunk = page(&bytes, 0);
        }
        listed.extend(trunks);
        let mut free = HashSet::new();
        let (mut map, mut mapped) = (Vec::new(), 0);
        let each = u32::try_from(self.size / 5).unwrap_or(1) + 1;
        let mut listed: Vec<u32> = listed.into_iter().filter(|page| *page > 2).collect();
        listed.sort_unstable();
        for page in listed {
            let of = (page - 2) / each * each + 2;
            if of != mapped {
                (map, mapped) = (self.image(of, 0)?, of);
            }
            let entry = usize::try_from(page - of).unwrap_or(0).checked_sub(1).map(|index| index * 5);
            if entry.and_then(|entry| map.get(entry)) == Some(&2) {
                free.insert(page);
            }
        }
        Ok(free)
    }
}

/// The size of pages where nothing says it: where pages of the larger size have their middles, one of the smaller
/// would often begin. Rows that are longer than a page lie in pages without such a beginning.
fn likely_size(database: &mut File) -> io::Result<u64> {
    let (mut beginnings, mut seen) = (0, 0);
    for page in (1..).step_by(2).take_while(|page| *page < SAMPLE) {
        let head = read_at(database, page * FORMER_SIZE, 12)?;
        let [kind, _, _, _, _, high, low, fragments, ..] = head.as_slice() else { break };
        let content = u64::from(u16::from_be_bytes([*high, *low]));
        let is_kind = matches!(kind, 0x02 | 0x05 | 0x0a | 0x0d);
        let is_beginning = is_kind && (8..=FORMER_SIZE).contains(&content) && *fragments <= 60;
        beginnings += u64::from(is_beginning);
        seen += 1;
    }
    Ok(if beginnings * 16 > seen { FORMER_SIZE } else { USUAL_SIZE })
}

/// Up to `len` bytes from there; fewer where the file ends.
pub(super) fn read_at(file: &mut File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    file.seek(SeekFrom::Start(offset))?;
    file.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
