//! How it is compared and combined.

use std::time::Duration;

use newswire::{Field, Filter};

use crate::{event, fails, full, holds, refused};

#[test]
fn text_is_compared_whole_by_order_or_by_pattern() {
    holds(&["session~session*", "session~*-1", "session~s*n-*", "session>session", "session<t"]);
    holds(&["session<=session-1", "component.id=agent:tool:3", "component.id~agent:*"]);
    holds(&[r#"text="it timed out, alas""#, r#"text~"*timed out*""#, "session in (a, session-1)"]);
    fails(&["session=Session-1", "session>session-1", "session~*-2", "session~on-1", "session~s*1*1"]);
    holds(&[r#"payload.text="a\"b*""#, r#"payload.text~"*\\*""#, r#"payload.text~"*b*""#, "payload.text~*"]);
    fails(&[r#"payload.text~"*\\*x""#, "payload.n~*"]);
}

#[test]
fn numbers_compare_exactly() {
    holds(&["payload.n=9007199254740993", "payload.n>9007199254740992", "payload.n<9007199254740994"]);
    holds(&[
        "payload.n!=9007199254740992",
        "payload.n>9007199254740992.0",
        "payload.big=18446744073709551615",
    ]);
    holds(&["payload.big<18446744073709551616.0", "payload.neg<0", "payload.neg>=-5", "payload.neg>-5.5"]);
    holds(&["payload.half=0.5", "payload.half<1", "payload.half>0", "payload.half=5e-1", "payload.two=2"]);
    holds(&[
        "payload.two=2.0",
        "payload.huge>18446744073709551615",
        "payload.huge=1e300",
        "payload.neg>-1e300",
    ]);
    fails(&["payload.n=9007199254740992", "payload.half>=1", "payload.half<=0", "payload.neg>-4.5"]);
    fails(&[r#"payload.n="9007199254740993""#, "payload.text>1", "payload.n>=a", "payload.text<5"]);
}

#[test]
fn durations_compare_with_nanoseconds() {
    holds(&[
        "duration>2s",
        "payload.duration_ns=2.5s",
        "payload.duration_ns=2500ms",
        "duration<1h",
        "duration<1m",
    ]);
    holds(&["duration>10us", "duration>=2500000000ns", "duration=2500000000"]);
    fails(&["duration>2500ms", "duration<=2.499999999s"]);
    let built = Field::payload("duration_ns").unwrap().above(Duration::from_millis(1500)).unwrap();
    assert_eq!(built.to_string(), "payload.duration_ns>1500ms");
    for text in
        ["payload.wait>2s", "payload.wait_ms>2s", "duration>0.1ns", "duration>1e3s", "duration>9999999999h"]
    {
        refused(text);
    }
    assert!(Field::payload("wait").unwrap().above(Duration::from_secs(1)).is_err());
    assert!(Field::payload("wait_ns").unwrap().above(Duration::MAX).is_err());
    assert!(Filter::parse(r#"payload.wait="2s""#).is_ok());
}

#[test]
fn absent_fields_make_every_comparison_false_and_its_not_true() {
    let bare = event("a.b").build().unwrap();
    for field in
        ["session", "source.name", "reply_to", "span", "component.id", "tag", "text", "attrs.a", "payload.a"]
    {
        let value = if field == "span" { "0000000000000001" } else { "x" };
        for operator in ["=", "~", "!="] {
            let filter = Filter::parse(&format!("{field}{operator}{value}")).unwrap();
            assert_eq!(filter.matches(&bare), operator == "!=", "{filter}");
            assert_eq!(filter.not().unwrap().matches(&bare), operator != "!=");
        }
        assert!(!Filter::parse(&format!("has {field}")).unwrap().matches(&bare));
    }
    for operator in ["<", "<=", ">", ">="] {
        assert!(!Filter::parse(&format!("payload.a{operator}1")).unwrap().matches(&bare));
        assert!(Filter::parse(&format!("not session{operator}a")).unwrap().matches(&bare));
    }
}

#[test]
fn and_or_and_not_follow_their_truth_tables_and_bind_in_that_order() {
    let text = |value| if value { "tag=canary" } else { "tag=other" };
    let matches = |filter: String| Filter::parse(&filter).unwrap().matches(&full());
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
        assert_eq!(matches(format!("{} and {}", text(a), text(b))), a && b);
        assert_eq!(matches(format!("{} or {}", text(a), text(b))), a || b);
        assert_eq!(matches(format!("not {}", text(a))), !a);
        assert_eq!(matches(format!("not {} and {}", text(a), text(b))), !a && b);
        assert_eq!(matches(format!("not ({} and {})", text(a), text(b))), !(a && b));
        for c in [false, true] {
            assert_eq!(matches(format!("{} or {} and {}", text(a), text(b), text(c))), a || b && c);
            assert_eq!(matches(format!("({} or {}) and {}", text(a), text(b), text(c))), (a || b) && c);
        }
    }
}

#[test]
fn digits_name_an_item_of_an_array_and_nothing_else_does() {
    holds(&["payload.items.1=2", "payload.items.0.name=\"first item\"", "attrs.deep.inner.0=1"]);
    fails(&[
        r#"payload.items."+1"=2"#,
        r#"has payload.items."+0""#,
        "payload.items.2=2",
        "has payload.items.-1",
    ]);
}
