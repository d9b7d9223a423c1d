//! How a fleet is divided among replicas: every workspace belongs to a shard, and every shard to one replica. Rendezvous hashing:
//! who joins or leaves moves the shards that it takes or had, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use crate::units::WorkspaceId;

/// Into so many parts a fleet is divided: many times what anybody runs replicas, so that each has nearly the same of it, and few
/// enough to be told apart by a number.
pub const SHARDS: u16 = 64;

/// One part of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard(u16);

impl Shard {
    /// Whoever has this one also does what is done once for the fleet: people are told, bills are compared, old rows are forgotten.
    pub const LEAD: Self = Self(0);

    /// The one that a workspace belongs to, in every version and on every machine.
    #[must_use]
    pub fn of(workspace: &WorkspaceId) -> Self {
        let hash = mixed(digest(START, workspace.to_string().bytes().map(|byte| byte.to_ascii_lowercase())));
        // the remainder is below 64
        Self(u16::try_from(hash.checked_rem(u64::from(SHARDS)).unwrap_or(0)).unwrap_or(0))
    }

    /// By its number, from 0 to 63.
    #[must_use]
    pub const fn numbered(number: u16) -> Option<Self> {
        if number < SHARDS { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// Which of several replicas should have it: the same for everyone who knows the same replicas. What stands in brackets behind a
    /// replica's name is of one process: started again, it should have what it had.
    #[must_use]
    pub fn preferred<'a>(self, members: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let name = |member: &'a str| member.split_once(" (").map_or(member, |(name, _)| name);
        let weight = |member: &'a str| mixed(digest(digest(START, name(member).bytes()), self.0.to_be_bytes()));
        members.into_iter().max_by_key(|member| (weight(member), *member))
    }
}

/// The part of the fleet that one process decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    shards: BTreeSet<Shard>,
    sharers: NonZeroU32,
}

impl Share {
    /// Of a process that nobody shares a fleet with.
    #[must_use]
    pub fn whole() -> Self {
        Self { shards: Shard::all().collect(), sharers: NonZeroU32::MIN }
    }

    /// Of one of several replicas that has taken nothing up.
    #[must_use]
    pub const fn none() -> Self {
        Self { shards: BTreeSet::new(), sharers: NonZeroU32::MIN }
    }

    /// These beside its own.
    #[must_use]
    pub fn with(&self, more: &BTreeSet<Shard>) -> Self {
        Self { shards: self.shards.union(more).copied().collect(), ..*self }
    }

    /// Its own without these.
    #[must_use]
    pub fn without(&self, fewer: &BTreeSet<Shard>) -> Self {
        Self { shards: self.shards.difference(fewer).copied().collect(), ..*self }
    }

    /// The same shards, with the fleet divided among so many.
    #[must_use]
    pub fn among(self, sharers: NonZeroU32) -> Self {
        Self { sharers, ..self }
    }

    /// True where this process decides about the workspace.
    #[must_use]
    pub fn has(&self, workspace: &WorkspaceId) -> bool {
        // of a whole fleet nothing need be reckoned
        self.shards.len() == usize::from(SHARDS) || self.shards.contains(&Shard::of(workspace))
    }

    /// True where this process does what is done once for the fleet.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.shards.contains(&Shard::LEAD)
    }

    /// Its shards.
    #[must_use]
    pub const fn shards(&self) -> &BTreeSet<Shard> {
        &self.shards
    }

    /// Among how many replicas the fleet is divided.
    #[must_use]
    pub const fn sharers(&self) -> NonZeroU32 {
        self.sharers
    }
}

/// What a replica is to do so that every shard is with whoever should have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moves {
    /// Nobody has these, and they should be its own.
    pub take: BTreeSet<Shard>,
    /// It has these, and another should.
    pub give: BTreeSet<Shard>,
}

impl Moves {
    /// Of the replica `me`, where `members` are those alive and `holders` says who has what; who is no member any more has nothing.
    #[must_use]
    pub fn of(me: &str, members: &BTreeSet<String>, holders: &BTreeMap<Shard, String>) -> Self {
        let mut moves = Self::default();
        for shard in Shard::all() {
            let holder = holders.get(&shard).filter(|holder| members.contains(*holder));
            let wanted = shard.preferred(members.iter().map(String::as_str)) == Some(me);
            match holder {
                None if wanted => drop(moves.take.insert(shard)),
                Some(holder) if *holder == me && !wanted => drop(moves.give.insert(shard)),
                None | Some(_) => {}
            }
        }
        moves
    }
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a.
fn digest(start: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Every bit of the result depends on every bit of the digest, whose last bytes hardly reach its upper half (as splitmix64 ends).
const fn mixed(digest: u64) -> u64 {
    let once = (digest ^ (digest >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> BTreeSet<String> {
        (0..count).map(|number| format!("replica-{number} (01J{number})")).collect()
    }

    fn settled(members: &BTreeSet<String>) -> BTreeMap<Shard, String> {
        let names = || members.iter().map(String::as_str);
        Shard::all().filter_map(|shard| Some((shard, shard.preferred(names())?.to_owned()))).collect()
    }

    fn workspace(number: usize) -> WorkspaceId {
        let id = format!(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws-{number}"
        );
        WorkspaceId::parse(&id).unwrap()
    }

    #[test]
    fn a_workspace_is_in_one_shard_however_it_is_written() {
        let loud = WorkspaceId::parse(&workspace(7).to_string().to_ascii_uppercase().replace("MICROSOFT", "Microsoft"));
        assert_eq!(loud.map(|loud| Shard::of(&loud)).ok(), Some(Shard::of(&workspace(7))));
        // what is written in a database by one version is read by the next
        let numbers: Vec<u16> = (0..6).map(|number| Shard::of(&workspace(number)).number()).collect();
        assert_eq!(numbers, [47, 42, 32, 56, 61, 33]);
    }

    #[test]
    fn workspaces_are_spread_evenly() {
        let mut counts = BTreeMap::new();
        (0..6400).for_each(|number| *counts.entry(Shard::of(&workspace(number))).or_insert(0) += 1);
        assert_eq!(counts.len(), 64);
        assert!(counts.values().all(|count| (60..140).contains(count)), "{counts:?}");
    }

    #[test]
    fn each_of_several_has_nearly_the_same() {
        for count in [2_usize, 3, 5] {
            let (members, mut shares) = (members(count), BTreeMap::new());
            settled(&members).into_values().for_each(|holder| *shares.entry(holder).or_insert(0_usize) += 1);
            let fair = 64 / count;
            assert!(shares.values().all(|share| (fair / 2..=fair * 2).contains(share)), "{shares:?}");
        }
    }

    #[test]
    fn who_joins_takes_from_all_and_nothing_else_moves() {
        let (before, after) = (settled(&members(3)), settled(&members(4)));
        let moved: Vec<&String> =
            Shard::all().filter(|shard| before.get(shard) != after.get(shard)).filter_map(|s| after.get(&s)).collect();
        assert!(!moved.is_empty() && moved.iter().all(|holder| holder.starts_with("replica-3")), "{moved:?}");
    }

    #[test]
    fn who_is_started_again_should_have_what_it_had() {
        let (before, after) = (["a (01)", "b (02)"], ["a (01)", "b (03)"]);
        let place = |members: [&'static str; 2], shard: Shard| {
            shard.preferred(members).and_then(|holder| members.iter().position(|one| *one == holder))
        };
        assert!(Shard::all().all(|shard| place(before, shard) == place(after, shard)));
        // while the process before it is still a member, one of both has it
        assert!(Shard::all().all(|shard| shard.preferred(["b (02)", "b (03)"]) == Some("b (03)")));
    }

    #[test]
    fn free_shards_are_taken_by_one_and_others_are_given_before_they_are_taken() {
        let (three, two) = (members(3), members(2));
        let holders = settled(&two);
        let moves: Vec<Moves> = three.iter().map(|me| Moves::of(me, &three, &holders)).collect();
        // the newcomer waits until they are given to it
        assert!(moves.iter().all(|moves| moves.take.is_empty()));
        let given: BTreeSet<Shard> = moves.iter().flat_map(|moves| moves.give.iter().copied()).collect();
        let wanted: BTreeSet<Shard> =
            settled(&three).into_iter().filter(|(_, who)| !two.contains(who)).map(|(shard, _)| shard).collect();
        assert_eq!(given, wanted);
        // and what a dead one had is divided among the others, each shard to one
        let left: Vec<Moves> = two.iter().map(|me| Moves::of(me, &two, &settled(&three))).collect();
        let taken: Vec<Shard> = left.iter().flat_map(|moves| moves.take.iter().copied()).collect();
        assert_eq!(taken.iter().copied().collect::<BTreeSet<_>>(), wanted);
        assert_eq!(taken.len(), wanted.len());
        assert!(left.iter().all(|moves| moves.give.is_empty()));
    }

    #[test]
    fn the_whole_has_everything_and_leads() {
        let whole = Share::whole();
        assert!(whole.leads() && (0..100).all(|number| whole.has(&workspace(number))));
        let some = Share::none().with(&[Shard::of(&workspace(1))].into());
        assert!(some.has(&workspace(1)) && (2..100).any(|number| !some.has(&workspace(number))));
    }
}
