//! What a fault does to an answer.

use serde_json::Value;

use super::super::world::OperationFate;

/// What happens to a request that a fault meets. Numbers in parentheses are rows of the fault catalogue.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    // --- instead of an answer ---
    /// `throttle[:TEXT]`: 429 with that `Retry-After`, or none (1, 2, 3).
    Throttle(Option<String>),
    /// `status:CODE[,TEXT]`: that status with an ARM error body, and that `Retry-After` (4).
    Status(u16, Option<String>),
    /// `error:CODE,WORD`: that status with that error code in ARM's body (16, 18).
    Error(u16, String),
    /// `unauthorized`: 401, the token is said to be expired (13).
    Unauthorized,
    /// `claims-challenge`: 401 that asks for more claims (13).
    ClaimsChallenge,
    /// `forbidden`: 403 naming action and scope (15).
    Forbidden,
    /// `not-found`: 404 (16).
    NotFound,
    /// `conflict`: 409 (17).
    Conflict,
    /// `disk-full`: 400 with Azure's words for it (18).
    DiskFull,
    /// `redirect:URL`: 302 there (35).
    Redirect(String),
    /// `html`: 200 with a sign-in page (8).
    Html,
    /// `text`: 200 with plain words (8).
    Text,
    /// `empty`: 200 with nothing (8).
    Empty,
    /// `bom`: the true answer behind a byte order mark (8).
    Bom,
    /// `wrong-charset`: the true answer, said to be UTF-16 (8).
    WrongCharset,
    /// `gzip-bomb[:MIB]`: 200, gzip that grows to that many MiB (64) of spaces (8).
    GzipBomb(usize),
    /// `nested[:DEPTH]`: 200 with arrays that deep (100000) (9).
    Nested(usize),
    /// `huge[:ITEMS]`: a page with that many items (100000) (9).
    Huge(usize),
    /// `hang`: no answer, ever (6).
    Hang,
    /// `reset`: the connection is cut before anything is done (33).
    Reset,
    // --- done, then spoilt on the way back ---
    /// `reset-after`: the request is carried out, then the connection is cut (33).
    ResetAfter,
    /// `delay:MS`: the answer comes that much later.
    Delay(u64),
    /// `drip[:MS]`: the body comes byte by byte, that far apart (1000) (5).
    Drip(u64),
    /// `drip-header[:MS]`: so does the head; plain HTTP only (5).
    DripHeader(u64),
    /// `truncate`: half the body under the full content-length (7).
    Truncate,
    /// `cut`: half the body in chunks, then the connection ends (7).
    Cut,
    /// `close`: the connection is closed after each answer (36).
    Close,
    /// `duplicate-headers`: headers twice and garbled (37).
    DuplicateHeaders,
    /// `big-header[:BYTES]`: one header that large (1048576) (37).
    BigHeader(usize),
    /// `date-skew:SECONDS`: the `Date` header is that far off (38, 39).
    DateSkew(i64),
    // --- tokens ---
    /// `token-life:SECONDS`: the token lives that long; negative is in the past (14).
    TokenLife(i64),
    /// `token-wrong`: a token that this ARM does not accept (14).
    TokenWrong,
    // --- operations ---
    /// `operation-fails`, `operation-canceled`, `operation-never-ends`, `operation-lies` (20, 21, 22).
    Fate(OperationFate),
    /// `no-lro-headers`: 202 with neither header (19).
    NoLroHeaders,
    /// `location:URL`: that `Location` (11).
    Location(String),
    /// `async-operation:URL`: that `Azure-AsyncOperation` (11).
    AsyncOperation(String),
    // --- lists and bodies ---
    /// `next-link:URL`: that `nextLink`, literally; `{origin}` and `{path}` stand for the request's (10, 11, 12).
    NextLink(String),
    /// `next-link-self`: the page links to itself (10).
    NextLinkSelf,
    /// `next-link-endless`: each page links to one more (10).
    NextLinkEndless,
    /// `next-link-relative`: a `nextLink` without scheme and host (12).
    NextLinkRelative,
    /// `next-link-api-version:TEXT`: a `nextLink` with another api-version (12).
    NextLinkApiVersion(String),
    /// `stale`: the first answer given since the fault began is given again (24, 25).
    Stale,
    /// `duplicate`: every item twice (26).
    Duplicate,
    /// `duplicate-case`: every item again with its id in capitals (26).
    DuplicateCase,
    /// `missing:NAME`: that item is left out (27).
    Missing(String),
    /// `recreated:TIME`: items say they were created then, and started by it (28).
    Recreated(String),
    /// `set:POINTER=JSON`: that member of each item, or of the body where there are none (29, 30, 31).
    Set(String, Value),
    /// `remove:POINTER`: that member is absent (30).
    Remove(String),
}

impl Effect {
    /// Whether the true answer is not even made.
    pub(in crate::sandbox) const fn replaces(&self) -> bool {
        matches!(
            self,
            Self::Throttle(_)
                | Self::Status(..)
                | Self::Error(..)
                | Self::Unauthorized
                | Self::ClaimsChallenge
                | Self::Forbidden
                | Self::NotFound
                | Self::Conflict
                | Self::DiskFull
                | Self::Redirect(_)
                | Self::Html
                | Self::Text
                | Self::Empty
                | Self::GzipBomb(_)
                | Self::Nested(_)
                | Self::Huge(_)
                | Self::Hang
                | Self::Reset
        )
    }
}
