//! Property values in HubSpot's text format, generated from a hash.

use crate::portal::definition::{Kind, Options};
use crate::portal::hash::mix;
use crate::portal::text::{push_date, push_escaped, push_iso, push_padded, push_u64};
use crate::portal::time::Moment;

const WORDS: &[&str] = &[
    "anchor", "beacon", "cobalt", "delta", "ember", "fjord", "garnet", "harbour", "indigo",
    "juniper", "kelp", "lantern", "meadow", "nectar", "opal", "pebble", "quartz", "ripple",
    "saffron", "thistle", "umber", "velvet", "willow", "yonder", "zephyr", "amber", "birch",
    "cedar", "dune", "elm", "flint", "grove",
];

/// Texts that are easily mishandled by parsers.
const ODD_TEXTS: &[&str] = &[
    "she said \"no\"",
    "back\\slash",
    "two\nlines",
    "carriage\r\nreturn",
    "tab\tstop",
    "Zoë Müller-Ångström",
    "日本語の名前",
    "emoji 😀 and 👩‍👧",
    "line\u{2028}separator",
    "\u{feff}mark",
    "control \u{1} \u{7f}",
    "null",
    "1.10",
    "0042",
    " padded ",
    "<b>bold</b> & co",
    "{\"json\":[1,2]}",
    "a;b;c",
    "",
];

/// Fractional parts of calculated numbers: doubles in full precision.
const LONG_FRACTIONS: Options = &[
    ".40000000000000002220446049250313080847263336181640625",
    ".59999999999999997779553950749686919152736663818359375",
    ".1000000000000000055511151231257827021181583404541015625",
    ".90000000000000002220446049250313080847263336181640625",
];

/// Start of the range of generated dates: 2015-01-01.
const DATES_FROM_MS: i64 = 1_420_070_400_000;

/// Form of a generated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// No value; nothing was written.
    Null,
    /// ASCII that needs no JSON escapes.
    Plain,
    /// Text that needs escapes.
    Escape,
}

/// Appends the unescaped text of the value that `hash` determines.
pub(crate) fn push_raw(out: &mut Vec<u8>, kind: Kind, hash: u64) -> Form {
    // Number of records out of 256 without a value.
    let without = if matches!(kind, Kind::Fixed(_) | Kind::Stamp) {
        0
    } else if kind == Kind::Recording {
        190
    } else {
        85
    };
    if hash & 0xFF < without {
        return Form::Null;
    }
    let random = hash >> 8;
    if may_be_empty(kind) && mix(random).is_multiple_of(200) {
        return Form::Plain;
    }
    match kind {
        Kind::Fixed(text) => out.extend_from_slice(text.as_bytes()),
        Kind::Recording => {
            out.extend_from_slice(b"https://api.hubapi.com/recording/auth/provider/hublet/");
            push_u64(out, random % 1_000_000_000);
        }
        Kind::Text => return push_text(out, random),
        Kind::LongText => return push_long_text(out, random),
        Kind::Phone => {
            out.extend_from_slice(b"+49 30 ");
            push_padded(out, low(random) % 100_000_000, 8);
        }
        Kind::Whole => push_u64(out, random % 100_000),
        // HubSpot: calculated numbers are printed in the double's full precision.
        Kind::Money if random.is_multiple_of(61) => {
            push_u64(out, (random >> 4) % 4);
            out.extend_from_slice(pick(LONG_FRACTIONS, random >> 6).as_bytes());
        }
        Kind::Money => {
            if random.is_multiple_of(16) {
                out.push(b'-');
            }
            push_u64(out, (random >> 4) % 1_000_000);
            out.push(b'.');
            push_padded(out, low(random >> 30) % 100, 2);
        }
        Kind::Big => push_u64(out, (1 << 53) + random),
        Kind::Exponent => {
            push_u64(out, random % 9 + 1);
            out.push(b'.');
            push_u64(out, (random >> 8) % 10_000);
            out.extend_from_slice(if random & 0x100 == 0 { b"E7" } else { b"E-4" });
        }
        Kind::Bool => out.extend_from_slice(if random & 1 == 0 { b"true" } else { b"false" }),
        Kind::Date => push_date(out, &Moment::of(instant(random))),
        Kind::DateTime | Kind::Stamp => push_iso(out, instant(random)),
        Kind::Choice(options) => out.extend_from_slice(pick(options, random).as_bytes()),
        Kind::Choices(options) => {
            let mut first = true;
            for (place, option) in options.iter().enumerate() {
                if random >> (place % 32) & 1 == 1 {
                    if !first {
                        out.push(b';');
                    }
                    first = false;
                    out.extend_from_slice(option.as_bytes());
                }
            }
            if first {
                return Form::Null;
            }
        }
        Kind::Owner => push_u64(out, 88 + random % 20 * 3),
        Kind::Json => {
            out.extend_from_slice(b"{\"count\":");
            push_u64(out, random % 1_000);
            out.push(b'}');
            return Form::Escape;
        }
        Kind::Coordinates => {
            out.extend_from_slice(b"0-1:");
            push_u64(out, random % 100_000);
        }
        Kind::Future => {
            out.extend_from_slice(b"beam-");
            push_u64(out, random % 1_000);
        }
    }
    Form::Plain
}

/// Appends the value as JSON: a string or `null`.
pub(crate) fn push_json(out: &mut Vec<u8>, kind: Kind, hash: u64) {
    out.push(b'"');
    let start = out.len();
    match push_raw(out, kind, hash) {
        Form::Plain => out.push(b'"'),
        Form::Null => {
            out.pop();
            out.extend_from_slice(b"null");
        }
        Form::Escape => {
            let raw = out.split_off(start);
            let ascii = mix(hash) & 1 == 0;
            push_escaped(out, &String::from_utf8_lossy(&raw), ascii);
            out.push(b'"');
        }
    }
}

fn push_text(out: &mut Vec<u8>, random: u64) -> Form {
    if random & 0xFF < 3 {
        out.extend_from_slice(pick(ODD_TEXTS, random >> 8).as_bytes());
        return Form::Escape;
    }
    push_words(out, random >> 8, random % 3 + 1);
    Form::Plain
}

fn push_long_text(out: &mut Vec<u8>, random: u64) -> Form {
    let rare = random.is_multiple_of(1_024);
    let sentences = if rare { 200 + (random >> 12) % 600 } else { 1 };
    for sentence in 0..sentences {
        push_words(out, (random >> 10).wrapping_add(sentence * 77), 7);
        out.extend_from_slice(b". ");
    }
    if random & 0x3FF < 8 { push_text(out, (random >> 10) << 8) } else { Form::Plain }
}

fn push_words(out: &mut Vec<u8>, random: u64, count: u64) {
    for place in 0..count {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(pick(WORDS, random >> (place * 5)).as_bytes());
    }
}

fn pick(texts: Options, random: u64) -> &'static str {
    let place = usize::try_from(random).unwrap_or_default() % texts.len().max(1);
    texts.get(place).copied().unwrap_or_default()
}

/// Returns `true` if a cleared property of this kind can hold an empty string instead of null.
fn may_be_empty(kind: Kind) -> bool {
    matches!(kind, Kind::Whole | Kind::Money | Kind::Date | Kind::DateTime)
}

/// Returns an instant of the last years, occasionally at a whole second or hour.
fn instant(random: u64) -> i64 {
    let ms = DATES_FROM_MS + i64::try_from(random % 378_691_200_000).unwrap_or_default();
    match random >> 44 & 0xFF {
        0 => ms - ms % 1_000,
        1 => ms - ms % 3_600_000,
        _ => ms,
    }
}

fn low(random: u64) -> u32 {
    u32::try_from(random & 0xFFFF_FFFF).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::definition::TIERS;

    const KINDS: &[Kind] = &[
        Kind::Text,
        Kind::LongText,
        Kind::Phone,
        Kind::Whole,
        Kind::Money,
        Kind::Big,
        Kind::Exponent,
        Kind::Bool,
        Kind::Date,
        Kind::DateTime,
        Kind::Choice(TIERS),
        Kind::Choices(TIERS),
        Kind::Owner,
        Kind::Json,
        Kind::Coordinates,
        Kind::Stamp,
        Kind::Recording,
        Kind::Fixed("0.5"),
        Kind::Future,
    ];

    #[test]
    fn the_json_form_is_the_raw_form_escaped() {
        for kind in KINDS {
            for number in 0..3_000 {
                let hash = mix(number);
                let mut raw = Vec::new();
                let form = push_raw(&mut raw, *kind, hash);
                let mut json = Vec::new();
                push_json(&mut json, *kind, hash);
                let back: Option<String> = serde_json::from_slice(&json).expect("valid JSON");
                let raw = String::from_utf8(raw).expect("UTF-8");
                assert_eq!(back, (form != Form::Null).then_some(raw), "{kind:?} {number}");
            }
        }
    }

    #[test]
    fn about_a_third_is_null_and_odd_texts_occur() {
        let mut raw = Vec::new();
        let nulls =
            (0..30_000).filter(|number| push_raw(&mut raw, Kind::Text, mix(*number)) == Form::Null);
        assert!((9_000..11_000).contains(&nulls.count()));
        let text = String::from_utf8(raw).expect("UTF-8");
        assert!(text.contains('\u{2028}') && text.contains('😀') && text.contains('"'));
    }
}
