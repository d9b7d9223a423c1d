//! What a statement is given: numbers, text and bytes, each of which may be absent and still knows its kind.

use std::sync::Arc;

/// A value. PostgreSQL wants to know the kind of what is absent too.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    /// A whole number; truth is 0 or 1, as the columns keep it.
    Number(Option<i64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// What can be given to a statement.
pub(in crate::store) trait Bind {
    /// Its kind, absent.
    const NONE: Value;
    /// As a value.
    fn value(self) -> Value;
}

macro_rules! binds {
    ($($kind:ident: $($type:ty => $make:expr),+;)+) => {
        $($(impl Bind for $type {
            const NONE: Value = Value::$kind(None);
            fn value(self) -> Value {
                let make: fn($type) -> _ = $make;
                Value::$kind(Some(make(self)))
            }
        })+)+
    };
}

binds! {
    Number: i64 => |number| number, u32 => i64::from, bool => i64::from;
    Text: String => |text| text, &String => String::clone, &str => str::to_owned,
        &Arc<str> => |text| text.as_ref().to_owned();
    Bytes: Vec<u8> => |bytes| bytes, &[u8] => <[u8]>::to_vec;
}

impl<T: Bind> Bind for Option<T> {
    const NONE: Value = T::NONE;
    fn value(self) -> Value {
        self.map_or(T::NONE, T::value)
    }
}

impl Bind for Value {
    const NONE: Value = Self::Text(None);
    fn value(self) -> Value {
        self
    }
}

impl Bind for &Option<String> {
    const NONE: Value = Value::Text(None);
    fn value(self) -> Value {
        Value::Text(self.clone())
    }
}
