//! The one function that says whether somebody may do something. What no arm allows is denied.

use super::person::Person;
use super::role::Role;
use super::scope::Scope;

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Nothing: static files, the login, pages of signed links.
    Anyone,
    /// Somebody who may read.
    Read,
    /// The owner of the instance, or somebody who acts on any.
    Own,
    /// The same for stopping it, which a token that may only hold must not do.
    Stop,
    /// Somebody who acts on any instance.
    Operate,
    /// Somebody who changes what holds for all.
    Administer,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 6] = [Self::Anyone, Self::Read, Self::Own, Self::Stop, Self::Operate, Self::Administer];

    /// The word, in the OpenAPI document and the audit log.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Read => "read",
            Self::Own => "own",
            Self::Stop => "stop",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }

    /// The role without which nothing is allowed, and the scope that a token needs; none where nobody has to be known.
    const fn needs(self) -> Option<(Role, Scope)> {
        match self {
            Self::Anyone => None,
            Self::Read => Some((Role::Viewer, Scope::Read)),
            Self::Own => Some((Role::Owner, Scope::Hold)),
            Self::Stop => Some((Role::Owner, Scope::Operate)),
            Self::Operate => Some((Role::Operator, Scope::Operate)),
            Self::Administer => Some((Role::Admin, Scope::Admin)),
        }
    }
}

/// Whose the instance is that somebody wants to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// It is not known yet which instance: only what holds for every instance is judged.
    NotKnownYet,
    /// One of the person's own.
    Theirs,
    /// Somebody else's, or nobody's that is known.
    NotTheirs,
}

/// Why something is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nobody is known.
    NotKnown,
    /// The role is less than this one.
    Role(Role),
    /// The token lacks this scope.
    Scope(Scope),
    /// The instance is not the person's own.
    NotTheirs,
}

/// It may not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Denied {
    /// What was asked for.
    pub rule: Rule,
    /// Why not.
    pub why: Why,
}

impl Denied {
    /// True when it is not known who asks: signing in may help.
    #[must_use]
    pub fn is_for_want_of_a_login(self) -> bool {
        self.why == Why::NotKnown
    }

    fn words(self) -> String {
        match self.why {
            Why::NotKnown => "it is not known who you are; sign in, or send a token".to_owned(),
            Why::Role(needed) => {
                format!(
                    "this takes the role {needed}; [web.roles] of the settings, or the group that it names, gives it"
                )
            }
            Why::Scope(needed) => {
                format!("the token has no scope {}; mint one that has, with `lightsout token mint`", needed.label())
            }
            Why::NotTheirs => {
                "the instance is not yours; its owner may do this, or somebody with the role operator".to_owned()
            }
        }
    }
}

/// Whether somebody may do what a rule stands for. `owned` is heeded by [`Rule::Own`] and [`Rule::Stop`] alone.
///
/// # Errors
/// When it is not allowed.
pub fn allows(rule: Rule, person: Option<&Person>, owned: Ownership) -> Result<(), Denied> {
    let denied = |why| Err(Denied { rule, why });
    let Some((role, scope)) = rule.needs() else { return Ok(()) };
    let Some(person) = person else { return denied(Why::NotKnown) };
    if person.role < role {
        return denied(Why::Role(role));
    }
    if !person.way.scopes().has(scope) {
        return denied(Why::Scope(scope));
    }
    let any = !matches!(rule, Rule::Own | Rule::Stop) || person.role >= Role::Operator;
    match owned {
        Ownership::Theirs | Ownership::NotKnownYet => Ok(()),
        Ownership::NotTheirs if any => Ok(()),
        Ownership::NotTheirs => denied(Why::NotTheirs),
    }
}

/// Whose an instance is, by the names of its owners: user names and object ids. Compared without case, as Entra does.
#[must_use]
pub fn ownership<'a>(person: &Person, owners: impl IntoIterator<Item = &'a str>) -> Ownership {
    let own = |owner: &str| {
        let named = |address: &String| !owner.trim().is_empty() && address.to_lowercase() == owner.to_lowercase();
        person.addresses.iter().any(named)
    };
    if owners.into_iter().any(own) { Ownership::Theirs } else { Ownership::NotTheirs }
}
