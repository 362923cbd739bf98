//! SQLite's records, read without SQLite: what a row says, if its bytes still make sense.

/// One column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
    Other,
}

/// How many columns a row has at most; ours have fewer.
const COLUMNS: usize = 32;

/// A number of one to nine bytes, and how many they are.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}

/// A big-endian number of that many bytes.
pub(super) fn number(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The columns of a record; `None` where it is none.
pub(super) fn values(record: &[u8]) -> Option<Vec<Value<'_>>> {
    let (header, mut at) = varint(record)?;
    let header = usize::try_from(header).ok()?;
    let (mut body, mut values) = (record.get(header..)?, Vec::new());
    while at < header {
        let (code, size) = varint(record.get(at..header)?)?;
        at += size;
        let len = match code {
            // SQLite never writes 10 and 11, and takes them for NULL.
            0 | 8..=11 => 0,
            1..=4 => code,
            5 => 6,
            6 | 7 => 8,
            _ => (code - 12) / 2,
        };
        let (bytes, rest) = body.split_at_checked(usize::try_from(len).ok()?)?;
        body = rest;
        values.push(match code {
            0 => Value::Null,
            8 => Value::Int(0),
            9 => Value::Int(1),
            1..=6 => Value::Int(signed(bytes)?),
            7 | 10 | 11 => Value::Other,
            _ if code % 2 == 1 => Value::Text(bytes),
            _ => Value::Blob(bytes),
        });
        if values.len() > COLUMNS {
            return None;
        }
    }
    Some(values)
}

fn signed(bytes: &[u8]) -> Option<i64> {
    let bits = u32::try_from(64 - bytes.len() * 8).ok()?;
    Some((number(bytes, 0, bytes.len())? << bits).cast_signed() >> bits)
}

#[cfg(test)]
mod tests {
    use super::{Value, values, varint};

    #[test]
    fn numbers_are_read_as_sqlite_writes_them() {
        assert_eq!(varint(&[0x7f]), Some((0x7f, 1)));
        assert_eq!(varint(&[0x81, 0x00]), Some((0x80, 2)));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0xff, 0xff]), None);
    }

    #[test]
    fn a_record_gives_its_columns_and_a_broken_one_none() {
        let record = [6, 0, 1, 9, 8, 17, 0xfe, b'a', b'b'];
        let columns = [Value::Null, Value::Int(-2), Value::Int(1), Value::Int(0), Value::Text(b"ab")];
        assert_eq!(values(&record).as_deref(), Some(&columns[..]));
        assert_eq!(values(&record[..8]), None);
        assert_eq!(values(&[]), None);
    }
}
