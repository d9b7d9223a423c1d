//! What a route asks of its caller, as the first argument of its handler: who it is, once the rule allows it.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::entrance::Standing;
use super::guarded::Door;
use super::problem::{Call, Problem, plain};
use crate::access::{Ownership, Person, Rule, allows, ownership};

/// A rule as a type, so that a route and its handler cannot differ.
pub trait RuleMark: Send + Sync + 'static {
    /// The rule.
    const RULE: Rule;
    /// Who it yields.
    type Who: Send + Sync;
    /// Who, of somebody whom the rule allows; none when the rule needs somebody and there is nobody.
    fn who(person: Option<Person>) -> Option<Self::Who>;
}

/// A rule that is settled before the handler runs: all but [`Own`].
pub trait Settled: RuleMark {}

macro_rules! marks {
    ($($(#[$about:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl RuleMark for $name {
            const RULE: Rule = Rule::$name;
            type Who = Person;
            fn who(person: Option<Person>) -> Option<Person> {
                person
            }
        }
    )+ };
}

marks! {
    /// Somebody who may read.
    Read,
    /// The owner of the instance, or somebody who acts on any: which is known once the handler has said which instance.
    Own,
    /// The same for stopping it.
    Stop,
    /// Somebody who acts on any instance.
    Operate,
    /// Somebody who changes what holds for all.
    Administer,
}

/// Anybody at all: static files, the login, pages of signed links.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl RuleMark for Anyone {
    const RULE: Rule = Rule::Anyone;
    type Who = Option<Person>;
    fn who(person: Option<Person>) -> Option<Option<Person>> {
        Some(person)
    }
}

/// A rule that is settled once the handler has said which instance.
pub trait ByOwner: RuleMark<Who = Person> {}

impl ByOwner for Own {}
impl ByOwner for Stop {}
impl Settled for Anyone {}
impl Settled for Read {}
impl Settled for Operate {}
impl Settled for Administer {}

/// Who asks, judged by a rule. A handler has it as its first argument, or it is no handler of a route of that rule.
#[must_use = "whoever asks has been judged for a reason"]
pub struct Asked<R: RuleMark> {
    who: R::Who,
    standing: Standing,
    call: Call,
    rule: PhantomData<R>,
}

impl<R: RuleMark> std::fmt::Debug for Asked<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("rule", &R::RULE).field("call", &self.call).finish_non_exhaustive()
    }
}

impl<R: RuleMark> Asked<R> {
    /// What is known of the request.
    pub(super) const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The door that it came through.
    pub(super) const fn door(&self) -> &Door {
        &self.standing.door
    }

    /// What was asked for.
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// An answer that says no, in the form that this caller reads.
    pub fn no(&self, problem: &Problem) -> Response {
        self.standing.door.show(problem, &self.call)
    }
}

impl<R: Settled> Asked<R> {
    /// Who it is.
    pub const fn who(&self) -> &R::Who {
        &self.who
    }

    /// Who it is, to keep.
    pub fn into_who(self) -> R::Who {
        self.who
    }
}

impl<R: ByOwner> Asked<R> {
    /// Who it is, when the instance with these owners (user names, object ids) may be acted on by them. There is no other
    /// way to the person.
    ///
    /// # Errors
    /// With the answer to send, when they may not.
    #[expect(clippy::result_large_err, reason = "the error is the answer, made once")]
    pub fn on<'a>(self, owners: impl IntoIterator<Item = &'a str>) -> Result<Person, Response> {
        let owned = ownership(&self.who, owners);
        match allows(R::RULE, Some(&self.who), owned) {
            Ok(()) => Ok(self.who),
            Err(denied) => Err(self.standing.door.deny(&denied, Some(&self.who), &self.call, self.standing.from)),
        }
    }

    /// Whether they may act on it, without doing so: for showing a button or not.
    pub fn may<'a>(&self, owners: impl IntoIterator<Item = &'a str>) -> bool {
        allows(R::RULE, Some(&self.who), ownership(&self.who, owners)).is_ok()
    }
}

impl<R: RuleMark, S: Send + Sync> FromRequestParts<S> for Asked<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let call = Call::of(parts);
        let Some(standing) = parts.extensions.get::<Standing>().cloned() else {
            // no door stands before this router: nothing is let through
            return Err(plain(StatusCode::INTERNAL_SERVER_ERROR, "this route stands behind no door"));
        };
        let person = standing.person.clone();
        if let Err(denied) = allows(R::RULE, person.as_ref(), Ownership::NotKnownYet) {
            return Err(standing.door.deny(&denied, person.as_ref(), &call, standing.from));
        }
        match R::who(person) {
            Some(who) => Ok(Self { who, standing, call, rule: PhantomData }),
            None => {
                Err(standing.door.show(&Problem::new(StatusCode::UNAUTHORIZED, "it is not known who you are"), &call))
            }
        }
    }
}
