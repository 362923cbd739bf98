//! Events with anything in any field.

use newswire::*;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;
use uuid::Uuid;

/// Text as hostile as text can be, short enough for an id.
pub(super) fn id_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_:-]{1,20}".boxed(),
        vec(any::<char>(), 1..40).prop_map(String::from_iter).boxed(),
        select(vec!["\0", "\"", "\\", "\u{2028}", "\u{feff}", "\u{7f}", "é\n", "\u{1f600}"])
            .prop_map(String::from)
            .boxed(),
    ]
}

/// A piece of JSON with its own spacing and number formats.
pub(super) fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::to_string(&number).unwrap()),
        select(vec!["-0", "-0.0", "1e5", "1E+05", "0.10", "1e999", "123456789012345678901234567890"])
            .prop_map(String::from),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u0041\/\ud83d\ude00""#.to_owned()),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(" ,\t"))),
            vec((id_text(), inner), 0..5).prop_map(|items| {
                let members = items
                    .iter()
                    .map(|(key, value)| format!("{}:{value}", serde_json::to_string(key).unwrap()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    btree_map(select(ScopeField::ALL.to_vec()), id_text(), 0..6).prop_map(|ids| {
        ids.into_iter().fold(Scope::new(), |scope, (field, id)| scope.with(field, id).unwrap())
    })
}

fn source() -> impl Strategy<Value = Source> {
    of((id_text(), of(id_text()))).prop_map(|names| match names {
        Some((component, Some(name))) => Source::named(component, name).unwrap(),
        Some((component, None)) => Source::new(component).unwrap(),
        None => Source::unknown(),
    })
}

fn correlation() -> impl Strategy<Value = Correlation> {
    let texts = vec(of(id_text()), 4);
    let causation = of((1..u128::MAX).prop_map(Uuid::from_u128));
    (of(1..u128::MAX), of(1..u64::MAX), of(1..u64::MAX), causation, texts).prop_map(
        |(trace, span, parent_span, causation, texts)| {
            let mut ids = Correlation::new();
            ids.trace = trace.and_then(TraceId::new);
            ids.span = span.and_then(SpanId::new);
            ids.parent_span = parent_span.and_then(SpanId::new);
            ids.causation = causation;
            let texts = CorrelationField::ALL.into_iter().zip(texts);
            texts.fold(ids, |ids, (field, text)| match text {
                Some(text) => ids.with(field, text).unwrap(),
                None => ids,
            })
        },
    )
}

fn component() -> impl Strategy<Value = Component> {
    (select(ComponentScope::ALL), id_text()).prop_map(|(scope, id)| Component::new(scope, id).unwrap())
}

fn origin() -> impl Strategy<Value = Origin> {
    (id_text(), any::<u64>(), 1..=u64::MAX).prop_map(|(bus, epoch, seq)| Origin {
        bus: bus.into(),
        epoch,
        seq,
    })
}

/// Any event.
pub(super) fn any_event() -> impl Strategy<Value = Event> {
    let who = (source(), scope(), correlation(), of(component()), of(origin()));
    let what = (of(any::<String>()), vec(id_text(), 0..4), vec((id_text(), json()), 0..4), of(json()));
    let kind = "[a-z][a-z0-9_]{0,8}(\\.[a-z][a-z0-9_]{0,8}){0,3}";
    let flags = (any::<i64>(), select(Severity::ALL), any::<bool>(), 0..50usize);
    (flags, who, what, kind).prop_map(|(flags, who, what, kind)| {
        let (time_ns, severity, internal, which) = flags;
        let (source, scope, correlation, component, origin) = who;
        let (message, tags, attrs, payload) = what;
        // Few distinct kinds, since a process has room for so many.
        let kind = if which == 0 { kind } else { format!("arbitrary.kind_{which}") };
        let mut builder = Event::builder(Kind::parse(&kind).unwrap())
            .time_ns(time_ns)
            .severity(severity)
            .internal(internal)
            .source(source)
            .scope(scope)
            .correlation(correlation);
        if let Some(component) = component {
            builder = builder.component(component);
        }
        if let Some(origin) = origin {
            builder = builder.origin(origin);
        }
        if let Some(message) = message {
            builder = builder.message(message);
        }
        builder = tags.into_iter().fold(builder, EventBuilder::tag);
        for (key, value) in attrs {
            builder = builder.attr_json(key, RawValue::from_string(value).unwrap());
        }
        if let Some(payload) = payload {
            builder = builder.json(payload);
        }
        builder.build().unwrap()
    })
}
