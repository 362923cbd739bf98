//! What views need of payloads, read member by member.
//!
//! A payload that an event carries has been checked, so reading needs no parser: it is walked once, and the few
//! members that are needed are taken where they stand. Whatever isn't plain, a member that is given twice or doesn't
//! fit, is left to the JSON library, which knows what it means.

use compact_str::CompactString;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::catalogue::Usage;
use crate::catalogue::schema::MAX_PLAIN;
use crate::event::Members;

/// What a view needs of payloads.
pub(super) trait Says: DeserializeOwned + Default {
    /// The members that it reads, 32 at most.
    const NAMES: &[&str];

    /// Takes the value of the member of that name; `None` where it doesn't fit.
    fn take(&mut self, name: &str, json: &str) -> Option<()>;

    /// Whether each figure is one that the catalogue allows there: sums of others tell nothing.
    fn is_allowed(&self) -> bool;
}

/// The members that a type reads are its fields.
macro_rules! says {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field_vis:vis $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default)]
        $vis struct $name { $($field_vis $field: $type,)+ }

        $crate::view::says::says! { impl $name { $($field)+ } }
    };
    (impl $name:ident { $($field:ident)+ }) => {
        impl $crate::view::says::Says for $name {
            const NAMES: &[&str] = &[$(stringify!($field)),+];

            fn take(&mut self, name: &str, json: &str) -> Option<()> {
                match name {
                    $(stringify!($field) => self.$field = $crate::view::says::Value::of(json)?,)+
                    _ => {}
                }
                Some(())
            }

            fn is_allowed(&self) -> bool {
                true $(&& $crate::view::says::Value::is_allowed(&self.$field))+
            }
        }
    };
}
pub(super) use says;

/// What the members of an object say, where that is plain: what gives nothing may still be readable.
pub(super) fn read<T: Says>(members: Members<'_>) -> Option<T> {
    let (mut told, mut seen) = (T::default(), 0_u32);
    for (name, value) in members {
        if let Some(place) = T::NAMES.iter().position(|wanted| *wanted == name) {
            let bit = 1 << place;
            (seen & bit == 0).then_some(())?;
            seen |= bit;
            told.take(&name, value)?;
        }
    }
    told.is_allowed().then_some(told)
}

/// What a whole object says; `None` where a member doesn't fit.
pub(super) fn parsed<T: Says>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok().filter(T::is_allowed)
}

/// What the value of a member can be.
pub(super) trait Value: Sized {
    /// What the JSON stands for.
    fn of(json: &str) -> Option<Self>;

    /// Whether it is within the catalogue's bounds.
    fn is_allowed(&self) -> bool {
        true
    }
}

impl<T: Value> Value for Option<T> {
    fn of(json: &str) -> Option<Self> {
        if json == "null" { Some(None) } else { T::of(json).map(Some) }
    }

    fn is_allowed(&self) -> bool {
        self.as_ref().is_none_or(T::is_allowed)
    }
}

impl Value for u64 {
    fn of(json: &str) -> Option<Self> {
        json.parse().ok()
    }

    /// That of nanoseconds, the widest that there is.
    fn is_allowed(&self) -> bool {
        i64::try_from(*self).is_ok()
    }
}

impl Value for f64 {
    fn of(json: &str) -> Option<Self> {
        json.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl Value for CompactString {
    fn of(json: &str) -> Option<Self> {
        text(json)
    }
}

impl Value for String {
    fn of(json: &str) -> Option<Self> {
        text(json)
    }
}

impl Value for Box<RawValue> {
    fn of(json: &str) -> Option<Self> {
        RawValue::from_string(json.to_owned()).ok()
    }
}

impl<T: Says> Value for T {
    fn of(json: &str) -> Option<Self> {
        read(Members::of(json)?)
    }

    fn is_allowed(&self) -> bool {
        Says::is_allowed(self)
    }
}

impl Says for Usage {
    const NAMES: &[&str] = &[
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "cost_usd",
    ];

    fn take(&mut self, name: &str, json: &str) -> Option<()> {
        match name {
            "input_tokens" => self.input_tokens = Value::of(json)?,
            "output_tokens" => self.output_tokens = Value::of(json)?,
            "cache_read_tokens" => self.cache_read_tokens = Value::of(json)?,
            "cache_write_tokens" => self.cache_write_tokens = Value::of(json)?,
            "reasoning_tokens" => self.reasoning_tokens = Value::of(json)?,
            "cost_usd" => self.cost_usd = Value::of(json)?,
            _ => {}
        }
        Some(())
    }

    fn is_allowed(&self) -> bool {
        let Self { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, .. } = self;
        let counts =
            [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, &self.reasoning_tokens];
        // A cost past what is exact to the dollar is none, and would be all that is left of a sum.
        counts.into_iter().flatten().all(|count| *count <= MAX_PLAIN)
            && self.cost_usd.is_none_or(|usd| usd.abs() <= MAX_PLAIN as f64)
    }
}

fn text<T: for<'t> From<&'t str> + DeserializeOwned>(json: &str) -> Option<T> {
    let plain = json.strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') { serde_json::from_str(json).ok() } else { Some(plain.into()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Scan;

    says! {
        #[derive(PartialEq)]
        struct All {
            name: Option<CompactString>,
            text: String,
            number: Option<u64>,
            share: Option<f64>,
            inner: Option<Inner>,
            direct: Inner,
        }
    }

    says! {
        #[derive(PartialEq)]
        struct Inner {
            name: Option<String>,
            count: u64,
        }
    }

    fn read_all(json: &str) -> Option<All> {
        read(Members::of(json)?)
    }

    fn any_value() -> impl Strategy<Value = String> {
        let plain = prop::sample::select(vec![
            "null",
            "true",
            "0",
            "-0",
            "17",
            "-3",
            "1.5",
            "1e3",
            "1e999",
            "18446744073709551615",
            "18446744073709551616",
            r#""""#,
            r#""plain""#,
            r#""a\"b""#,
            r#""\u0061\ud83d\ude00""#,
            r#""é""#,
            "[]",
            r#"["x"]"#,
            "{}",
            "[5]",
        ])
        .prop_map(str::to_owned);
        plain.prop_recursive(2, 8, 4, any_object)
    }

    fn any_object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let names =
            vec!["name", "text", "number", "share", "inner", "direct", "count", "other", r"n\u0061me", ""];
        let member = (prop::sample::select(names), value, prop::sample::select(vec!["", " "]));
        prop::collection::vec(member, 0..5).prop_map(|members| {
            let members = members
                .into_iter()
                .map(|(name, value, space)| format!("{space}\"{name}\"{space}:{value}{space}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_is_what_the_json_library_reads(json in any_object(any_value())) {
            prop_assume!(Scan::new(&json).value().is_ok());
            if let Some(read) = read_all(&json) {
                prop_assert_eq!(Some(read), serde_json::from_str(&json).ok(), "{}", json);
            }
        }
    }

    #[test]
    fn what_is_plain_is_read() {
        let json = r#"{"name":"a\nb", "text" :"t","number":3,"share":null,"inner":{"count":7},"other":[{}]}"#;
        assert_eq!(read_all(json), serde_json::from_str(json).ok());
        assert_eq!(read_all("{}"), Some(All::default()));
        for json in
            [r#"{"number":1,"number":1}"#, r#"{"number":-1}"#, r#"{"inner":{"count":null}}"#, "[]", "5"]
        {
            assert_eq!(read_all(json), None, "{json}");
        }
    }
}
