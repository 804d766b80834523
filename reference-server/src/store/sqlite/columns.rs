//! How our types stand in columns.

use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    ids::*,
    store::{keys::*, messages::*},
};

macro_rules! blobs {
    ($($name:ident: $bytes:expr, $from:expr;)+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let bytes: fn(&$name) -> &[u8] = $bytes;
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes(self))))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map($from)
            }
        }
    )+};
}

blobs! {
    AccountId: |id| id.0.as_bytes(), |bytes| Self(Uuid::from_bytes(bytes));
    LoginId: |id| id.0.as_bytes(), |bytes| Self(Uuid::from_bytes(bytes));
    MessageId: |id| id.0.as_bytes(), |bytes| Self(Uuid::from_bytes(bytes));
    ClaimId: |id| id.0.as_bytes(), |bytes| Self(Uuid::from_bytes(bytes));
    SlotId: |id| id.0.as_bytes(), |bytes| Self(Uuid::from_bytes(bytes));
    Incarnation: |incarnation| &incarnation.0, Self;
    TokenHash: |hash| &hash.0, Self;
}

impl ToSql for Moment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // A moment past the year 292 million is as good as the last one.
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

impl ToSql for Suite {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

impl FromSql for Suite {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

macro_rules! numbered {
    ($($name:ident { $($variant:ident = $number:literal,)+ })+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(match self { $(Self::$variant => $number,)+ }.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok(Self::$variant),)+
                    other => Err(FromSqlError::OutOfRange(other)),
                }
            }
        }
    )+};
}

numbered! {
    EnvelopeKind { Prekey = 0, Message = 1, Box = 2, }
    GapReason { Expired = 0, Deleted = 1, Overflow = 2, }
    Status { Sent = 0, Delivered = 1, Read = 2, }
}

/// A device id, whose type is the protocol's.
pub(super) fn device_id(row: &Row<'_>, column: usize) -> rusqlite::Result<DeviceId> {
    let number: u8 = row.get(column)?;
    DeviceId::new(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}

/// A device id that may be absent.
pub(super) fn optional_device_id(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<DeviceId>> {
    Ok(row.get::<_, Option<u8>>(column)?.and_then(DeviceId::new))
}

/// A signed prekey in three columns from this one on.
pub(super) fn signed_prekey(row: &Row<'_>, column: usize) -> rusqlite::Result<SignedPrekey> {
    Ok(SignedPrekey {
        id: row.get(column)?,
        public: row.get(column + 1)?,
        signature: row.get(column + 2)?,
    })
}

/// Where a page begins; no row has a greater number than SQLite's integers.
pub(super) fn after(page: Page) -> i64 {
    i64::try_from(page.after).unwrap_or(i64::MAX)
}
