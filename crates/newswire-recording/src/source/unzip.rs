//! Compressed sources: recognised by their first bytes, decoded as they are read.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind as IoKind, Read};

use zstd::stream::read::Decoder;

/// The largest window that a frame may ask for, as a power of two: what decoders are to support at least, and
/// all that compressors use unless told otherwise. It bounds what decoding holds in memory.
pub(crate) const MAX_WINDOW_LOG: u32 = 23;

const MAGIC_BYTES: usize = 4;

/// What reads `reader`, decoded if it is compressed.
pub(crate) fn unzipped<'r>(mut reader: impl Read + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    reader.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
    let compressed = is_zstd(&magic);
    let reader = Cursor::new(magic).chain(reader);
    if !compressed {
        return Ok(Box::new(reader));
    }
    let mut decoder = Decoder::with_buffer(BufReader::with_capacity(1 << 16, reader))?;
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    Ok(Box::new(Zstd(decoder)))
}

/// Whether it begins a frame, or one that is to be skipped.
fn is_zstd(magic: &[u8]) -> bool {
    matches!(magic, [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// A decoder that says what is wrong in words.
struct Zstd<R: BufRead>(Decoder<'static, R>);

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.kind() {
            IoKind::Interrupted => error,
            IoKind::UnexpectedEof => {
                io::Error::new(IoKind::UnexpectedEof, "the file ends within a zstd frame")
            }
            kind => io::Error::new(kind, format!("the zstd frame can't be decoded: {error}")),
        })
    }
}
