//! Property definitions: names, types and the values they generate.

use crate::portal::hash::{mix, name_hash};
use crate::portal::text::push_string;

/// The values of an enumeration.
pub(crate) type Options = &'static [&'static str];

/// The kind of values that a property has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Some values are many kilobytes long.
    LongText,
    Phone,
    Whole,
    Money,
    /// Integers beyond the exact range of a 64-bit float.
    Big,
    Exponent,
    Bool,
    Date,
    DateTime,
    /// One of the options.
    Choice(Options),
    /// Several options joined by `;`.
    Choices(Options),
    /// The id of an owner.
    Owner,
    Json,
    Coordinates,
    /// An instant that every record has: the time of an activity.
    Stamp,
    /// URL of a recording; few records have one.
    Recording,
    /// The same text for every record.
    Fixed(&'static str),
    /// A type that is not in HubSpot's current documents.
    Future,
}

impl Kind {
    /// Returns the `type` of the definition.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Text | Self::LongText | Self::Recording | Self::Fixed(_) => "string",
            Self::Phone => "phone_number",
            Self::Whole | Self::Money | Self::Big | Self::Exponent => "number",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::DateTime | Self::Stamp => "datetime",
            Self::Choice(_) | Self::Choices(_) | Self::Owner => "enumeration",
            Self::Json => "json",
            Self::Coordinates => "object_coordinates",
            Self::Future => "hologram",
        }
    }

    /// Returns the `fieldType` of the definition.
    pub(crate) fn field_type(self) -> &'static str {
        match self {
            Self::Text
            | Self::Json
            | Self::Coordinates
            | Self::Recording
            | Self::Fixed(_)
            | Self::Future => "text",
            Self::LongText => "textarea",
            Self::Phone => "phonenumber",
            Self::Whole | Self::Money | Self::Big | Self::Exponent => "number",
            Self::Bool => "booleancheckbox",
            Self::Date | Self::DateTime | Self::Stamp => "date",
            Self::Choice(_) | Self::Owner => "select",
            Self::Choices(_) => "checkbox",
        }
    }

    pub(crate) fn options(self) -> Options {
        match self {
            Self::Choice(options) | Self::Choices(options) => options,
            Self::Bool => &["true", "false"],
            Self::Text
            | Self::LongText
            | Self::Phone
            | Self::Whole
            | Self::Money
            | Self::Big
            | Self::Exponent
            | Self::Date
            | Self::DateTime
            | Self::Owner
            | Self::Json
            | Self::Coordinates
            | Self::Stamp
            | Self::Recording
            | Self::Fixed(_)
            | Self::Future => &[],
        }
    }

    /// Returns the kind for a `type` name.
    pub(crate) fn of_type(name: &str) -> Self {
        match name {
            "string" => Self::Text,
            "phone_number" => Self::Phone,
            "number" => Self::Money,
            "bool" => Self::Bool,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "enumeration" => Self::Choice(TIERS),
            "json" => Self::Json,
            "object_coordinates" => Self::Coordinates,
            _ => Self::Future,
        }
    }
}

/// Options of the numbered custom enumerations.
pub(crate) const TIERS: Options = &["gold", "silver", "bronze", "none"];
const COLOURS: Options = &["red", "green", "blue", "white", "black"];

/// Kinds of the numbered custom properties, in turn.
const CUSTOM_KINDS: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("number", Kind::Money),
    ("flag", Kind::Bool),
    ("day", Kind::Date),
    ("moment", Kind::DateTime),
    ("tier", Kind::Choice(TIERS)),
    ("colours", Kind::Choices(COLOURS)),
    ("count", Kind::Whole),
    ("notes", Kind::LongText),
    ("phone", Kind::Phone),
    ("serial", Kind::Big),
    ("scale", Kind::Exponent),
    ("blob", Kind::Json),
    ("hologram", Kind::Future),
    ("place", Kind::Coordinates),
    ("text", Kind::Text),
    ("text", Kind::Text),
    ("text", Kind::Text),
];

/// The meaning of a property to the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Id,
    Created,
    Modified,
    Email,
    MergedIds,
    MergedVids,
    /// Calculated at every read, including its history.
    Restless,
}

/// The origin of a property definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    HubSpot,
    /// Defined by the account before its records existed.
    Account,
    /// Defined by the account after its records, which have no value for it.
    Late,
}

/// One property definition.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// The name as a JSON key with its colon.
    pub(crate) key: Box<[u8]>,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    pub(crate) salt: u64,
    pub(crate) origin: Origin,
    /// Instant of the definition, if it was after the start.
    pub(crate) defined_ms: Option<i64>,
    /// HubSpot: some calculated properties have no history.
    pub(crate) calculated: bool,
    pub(crate) archived: bool,
}

impl Definition {
    pub(crate) fn new(seed: u64, name: &str, kind: Kind, role: Role) -> Self {
        let mut key = Vec::new();
        push_string(&mut key, name);
        key.push(b':');
        Self {
            key: key.into_boxed_slice(),
            name: name.to_owned(),
            kind,
            role,
            salt: mix(seed ^ name_hash(name)),
            origin: Origin::HubSpot,
            defined_ms: None,
            calculated: name.starts_with("hs_v2_") || name.starts_with("num_"),
            archived: false,
        }
    }

    /// Creates the custom property with this number and a name of at least `name_chars` characters.
    pub(crate) fn custom(seed: u64, number: usize, name_chars: usize) -> Self {
        let turn = number % CUSTOM_KINDS.len();
        let (word, kind) = CUSTOM_KINDS.get(turn).copied().unwrap_or(("text", Kind::Text));
        let mut name = format!("custom_{word}_{number:04}");
        while name.len() < name_chars {
            name.push_str("_long");
        }
        name.truncate(name_chars.max(word.len() + 12));
        let mut definition = Self::new(seed, &name, kind, Role::Plain);
        definition.origin = Origin::Account;
        definition
    }

    /// Creates the numbered property that HubSpot calculates at every read.
    pub(crate) fn restless(seed: u64, number: u64) -> Self {
        let name = format!("hs_time_in_stage_{number}");
        Self { calculated: true, ..Self::new(seed, &name, Kind::Whole, Role::Restless) }
    }

    /// Returns `true` if a change may pick this property to mark a record as modified.
    pub(crate) fn editable(&self) -> bool {
        self.kind == Kind::Text && self.role == Role::Plain && !self.calculated && !self.archived
    }

    pub(crate) fn built_in(&self) -> bool {
        self.origin == Origin::HubSpot
    }

    /// Returns the display label: mostly the name in words; some are empty or equal to the name.
    pub(crate) fn label(&self) -> String {
        match self.salt % 13 {
            3 => return String::new(),
            5 => return self.name.clone(),
            _ => {}
        }
        let mut label = self.name.replace('_', " ");
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        label
    }

    /// Returns the description: none for three in eight properties, and mostly one sentence. Some
    /// have quotation marks, line breaks, or more characters than a client may want to keep.
    pub(crate) fn description(&self) -> String {
        let words = self.name.replace('_', " ");
        match (self.salt >> 8) % 8 {
            0..=2 => String::new(),
            3 => format!(
                "\u{201c}{words}\u{201d}, or \"n/a\".\nFilled in by hand:\r\n\t- see C:\\wiki"
            ),
            4 if (self.salt >> 16).is_multiple_of(4) => {
                format!("The {words} of the record, für Größen ab 5 €. ").repeat(30)
            }
            _ => format!("The {words} of the record."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_names_reach_the_asked_length_and_stay_distinct() {
        for chars in [0, 12, 30, 90] {
            let names: std::collections::HashSet<String> =
                (0..500).map(|number| Definition::custom(1, number, chars).name).collect();
            assert_eq!(names.len(), 500, "{chars} characters");
            assert!(names.iter().all(|name| name.len() >= chars), "{chars} characters");
        }
    }

    #[test]
    fn every_type_of_the_interface_occurs_among_custom_properties() {
        for name in [
            "string",
            "phone_number",
            "number",
            "bool",
            "date",
            "datetime",
            "enumeration",
            "json",
            "object_coordinates",
            "hologram",
        ] {
            let types: Vec<&str> = CUSTOM_KINDS.iter().map(|(_, kind)| kind.type_name()).collect();
            assert!(types.contains(&name), "{name}");
            assert_eq!(Kind::of_type(name).type_name(), name);
        }
    }
}
