//! What all payload types and records do with their fields: write and read them as JSON, show and compare them.
//!
//! A type gives its fields as a list, and the code for the list is here, once. Derives would write it again for
//! every type, which is most of what the core then takes to compile, and much of a program's size.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Failure, FieldValue, Inline, Json, Media, Text, Usage};

/// A field: its value can be lent, to be shown or to be set. Sealed: the types of the catalogue, and options of
/// them.
pub trait Field: Sized {
    /// What a field is before it is read.
    fn blank() -> Self;

    /// Its value.
    fn shown(&self) -> Shown<'_>;

    /// Its place.
    fn slot(&mut self) -> Slot<'_>;
}

/// A type of fields that need no option.
pub trait Plain: Field + FieldValue {
    /// The place of one that may be absent.
    fn optional(field: &mut Option<Self>) -> Slot<'_>;
}

impl<T: Plain> Field for Option<T> {
    fn blank() -> Self {
        None
    }

    #[inline]
    fn shown(&self) -> Shown<'_> {
        self.as_ref().filter(|value| !value.is_absent()).map_or(Shown::Absent, T::shown)
    }

    #[inline]
    fn slot(&mut self) -> Slot<'_> {
        T::optional(self)
    }
}

/// Each type of fields by the variants that stand for it, and what it is before it is read.
macro_rules! types {
    ($($variant:ident $optional:ident $type:ty = $blank:expr;)+) => {
        /// The value of a field.
        #[derive(PartialEq)]
        pub enum Shown<'f> {
            /// There is none.
            Absent,
            $(#[doc = concat!("One of the type ", stringify!($type), ".")]
            $variant(&'f $type)),+
        }

        impl Serialize for Shown<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Absent => serializer.serialize_none(),
                    $(Self::$variant(value) => value.serialize(serializer)),+
                }
            }
        }

        impl fmt::Debug for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Absent => f.write_str("None"),
                    $(Self::$variant(value) => value.fmt(f)),+
                }
            }
        }

        /// The place of a field.
        pub enum Slot<'f> {
            $(#[doc = concat!("One of the type ", stringify!($type), ".")]
            $variant(&'f mut $type),
            /// The same, where it may be absent.
            $optional(&'f mut Option<$type>)),+
        }

        impl Slot<'_> {
            fn is_required(&self) -> bool {
                matches!(self, $(Self::$variant(_))|+)
            }
        }

        impl<'de> DeserializeSeed<'de> for &mut Slot<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                match self {
                    $(Slot::$variant(place) => **place = Deserialize::deserialize(deserializer)?,
                    Slot::$optional(place) => **place = Deserialize::deserialize(deserializer)?),+
                }
                Ok(())
            }
        }

        $(impl Field for $type {
            fn blank() -> Self {
                $blank
            }

            #[inline]
            fn shown(&self) -> Shown<'_> {
                Shown::$variant(self)
            }

            #[inline]
            fn slot(&mut self) -> Slot<'_> {
                Slot::$variant(self)
            }
        }

        impl Plain for $type {
            #[inline]
            fn optional(field: &mut Option<Self>) -> Slot<'_> {
                Slot::$optional(field)
            }
        })+
    };
}

types! {
    Text MaybeText Text = Text::default();
    Integer MaybeInteger u64 = 0;
    Number MaybeNumber f64 = 0.0;
    Boolean MaybeBoolean bool = false;
    Json MaybeJson Json = Json::of_raw(RawValue::NULL.to_owned());
    Bytes MaybeBytes Inline = Inline::default();
    Usage MaybeUsage Usage = Usage::default();
    Failure MaybeFailure Failure = Failure::new("");
    Media MaybeMedia Media = Media::default();
}

/// Gives a type of such fields, each with its name on the wire, all that is made of the list.
macro_rules! fields {
    ($name:ident: $($field:ident $wire:expr;)*) => {
        impl $name {
            const FIELDS: &[&str] = &[$($wire),*];

            #[inline]
            fn shown(&self) -> [$crate::catalogue::fields::Shown<'_>; Self::FIELDS.len()] {
                [$($crate::catalogue::fields::Field::shown(&self.$field)),*]
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::catalogue::fields::write(serializer, stringify!($name), Self::FIELDS, &self.shown())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                let mut read = Self { $($field: $crate::catalogue::fields::Field::blank()),* };
                let slots = &mut [$($crate::catalogue::fields::Field::slot(&mut read.$field)),*];
                $crate::catalogue::fields::read(deserializer, stringify!($name), Self::FIELDS, slots)?;
                Ok(read)
            }
        }

        impl ::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::catalogue::fields::show(f, stringify!($name), Self::FIELDS, &self.shown())
            }
        }

        impl ::core::cmp::PartialEq for $name {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                self.shown() == other.shown()
            }
        }
    };
}
pub(super) use fields;

/// Writes what is there.
pub(super) fn write<S: Serializer>(
    serializer: S,
    name: &'static str,
    names: &'static [&'static str],
    values: &[Shown<'_>],
) -> Result<S::Ok, S::Error> {
    let present = values.iter().filter(|value| !matches!(value, Shown::Absent)).count();
    let mut object = serializer.serialize_struct(name, present)?;
    for (name, value) in names.iter().zip(values) {
        match value {
            Shown::Absent => object.skip_field(name)?,
            value => object.serialize_field(name, value)?,
        }
    }
    object.end()
}

/// Shows what is there.
pub(super) fn show(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    names: &[&str],
    values: &[Shown<'_>],
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    for (name, value) in names.iter().zip(values).filter(|(_, value)| !matches!(value, Shown::Absent)) {
        shown.field(name, value);
    }
    shown.finish()
}

/// Reads into these places; fields that none of them is for are passed over.
///
/// # Errors
/// Where a field doesn't fit, is given twice, or is missing and required.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
    names: &'static [&'static str],
    slots: &mut [Slot<'_>],
) -> Result<(), D::Error> {
    deserializer.deserialize_struct(name, names, Object { name, names, slots })
}

struct Object<'s, 'f> {
    name: &'static str,
    names: &'static [&'static str],
    slots: &'s mut [Slot<'f>],
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0_u64;
        let mut next = 0;
        while let Some(place) = map.next_key_seed(Key { names: self.names, next })? {
            let Some((place, slot)) = place.and_then(|place| Some((place, self.slots.get_mut(place)?)))
            else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let bit = 1 << place;
            if seen & bit != 0 {
                return Err(A::Error::duplicate_field(self.names.get(place).unwrap_or(&self.name)));
            }
            seen |= bit;
            next = place + 1;
            map.next_value_seed(slot)?;
        }
        for (place, (name, slot)) in self.names.iter().zip(self.slots).enumerate() {
            if seen & (1 << place) == 0 && slot.is_required() {
                return Err(A::Error::missing_field(name));
            }
        }
        Ok(())
    }
}

/// The place of the field that comes; most come in their order.
struct Key {
    names: &'static [&'static str],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        let (before, behind) = self.names.split_at_checked(self.next).unwrap_or((self.names, &[]));
        let behind = behind.iter().position(|known| *known == name).map(|place| self.next + place);
        Ok(behind.or_else(|| before.iter().position(|known| *known == name)))
    }
}
