//! Which of a transcript's records count: the branch that the agent is on, since the last reset.
//!
//! Records name the one before them. `leaf` records choose where the branch goes on; records that stand beside it
//! (`side`) or that were left behind do not count. The rules are those of 2026.5.28 to 2026.9.6 (read), applied to the
//! end of a transcript as far as it was read.

use std::collections::{HashMap, HashSet};

use super::record::{Kind, Message, Parent, Record};

/// The messages of the branch, oldest first.
#[derive(Debug, Default)]
pub(super) struct Branch<'a> {
    pub messages: Vec<&'a Message>,
    /// The reset that they follow.
    pub reset: Option<&'a str>,
    /// Nothing of it stands before what was read.
    pub whole: bool,
}

/// Where a record hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Root,
    Record(usize),
    /// Before what was read.
    Beyond,
}

impl<'a> Branch<'a> {
    /// Finds the branch in `records`, oldest first; `from_start` tells that nothing stands before them.
    pub fn of(records: &'a [Record], from_start: bool) -> Self {
        let mut tree = Tree::new(records, from_start);
        for at in 0..records.len() {
            tree.add(at);
        }
        let mut branch = Self::default();
        let mut link = tree.leaf;
        while let Link::Record(at) = link {
            match &records[at].kind {
                // What stands before it is closed.
                Kind::Reset => {
                    branch.reset = records[at].id.as_deref();
                    link = Link::Root;
                }
                kind => {
                    if let Kind::Message(message) = kind {
                        branch.messages.push(message);
                    }
                    link = tree.parents[at];
                }
            }
        }
        branch.messages.reverse();
        branch.whole = link == Link::Root;
        branch
    }
}

struct Tree<'a> {
    records: &'a [Record],
    from_start: bool,
    parents: Vec<Link>,
    /// Where an id leads: to its record, of a `leaf` record to the record that it chose.
    by_id: HashMap<&'a str, Link>,
    /// The end of the branch.
    leaf: Link,
    /// What the next record is expected to name.
    append: Link,
    /// The records since the last reset; `None` where there was none.
    since_reset: Option<HashSet<usize>>,
}

impl<'a> Tree<'a> {
    fn new(records: &'a [Record], from_start: bool) -> Self {
        let start = if from_start { Link::Root } else { Link::Beyond };
        Self {
            records,
            from_start,
            parents: vec![start; records.len()],
            by_id: HashMap::with_capacity(records.len()),
            leaf: start,
            append: start,
            since_reset: None,
        }
    }

    fn add(&mut self, at: usize) {
        let record = &self.records[at];
        match &record.kind {
            Kind::Leaf { target, append } => self.choose(record, target, append),
            Kind::Other => self.add_other(at),
            Kind::Message(_) | Kind::Aside | Kind::Reset => self.hang(at),
        }
    }

    fn resolve(&self, parent: &Parent) -> Link {
        match parent {
            Parent::Of(id) => self.by_id.get(id.as_str()).copied().unwrap_or(Link::Beyond),
            Parent::None => Link::Root,
            Parent::Unsaid => self.leaf,
        }
    }

    /// Follows a `leaf` record. One that names what is not there is passed over.
    fn choose(&mut self, record: &'a Record, target: &Parent, append: &Parent) {
        if *target == Parent::Unsaid || *append == Parent::Unsaid {
            return;
        }
        let (mut target, mut append) = (self.resolve(target), self.resolve(append));
        if self.from_start && [target, append].contains(&Link::Beyond) {
            return;
        }
        // Nothing leads back behind a reset.
        if self.is_before_reset(target) {
            (target, append) = (self.leaf, self.leaf);
        }
        (self.leaf, self.append) = (target, append);
        if let Some(id) = &record.id {
            self.by_id.insert(id, target);
        }
    }

    fn add_other(&mut self, at: usize) {
        let record = &self.records[at];
        if let (Some(id), Parent::Of(_) | Parent::None) = (&record.id, &record.parent) {
            self.parents[at] = self.resolve(&record.parent);
            self.by_id.insert(id, Link::Record(at));
            self.append = Link::Record(at);
            self.follow_reset(at);
        }
    }

    fn hang(&mut self, at: usize) {
        let record = &self.records[at];
        let named = self.resolve(&record.parent);
        let parent = if !record.side && self.goes_on_from_leaf(named) { self.leaf } else { named };
        self.parents[at] = parent;
        if let Some(id) = &record.id {
            self.by_id.insert(id, Link::Record(at));
        }
        self.append = Link::Record(at);
        if !record.side {
            self.leaf = Link::Record(at);
        }
        if matches!(record.kind, Kind::Reset) {
            self.since_reset = Some(HashSet::from([at]));
        }
        self.follow_reset(at);
    }

    /// Notes whether a record leads back to the last reset.
    fn follow_reset(&mut self, at: usize) {
        if let (Some(since), Link::Record(parent)) = (&mut self.since_reset, self.parents[at])
            && since.contains(&parent)
        {
            since.insert(at);
        }
    }

    /// Tells whether a record that names `named` hangs on the end of the branch all the same.
    fn goes_on_from_leaf(&self, named: Link) -> bool {
        let is_lost = self.from_start && named == Link::Beyond && self.leaf != Link::Root;
        let is_appended = named != Link::Beyond && named == self.append;
        self.is_before_reset(named) || is_lost || is_appended
    }

    fn is_before_reset(&self, link: Link) -> bool {
        match (&self.since_reset, link) {
            (Some(since), Link::Record(at)) => !since.contains(&at),
            (Some(_), Link::Root | Link::Beyond) => true,
            (None, _) => false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// Reads `id<parent` for messages, `id!parent` for resets, `id~parent` for side messages, `id?parent` for unknown
    /// types, `id>target` and `id>target,append` for leaves; `-` is no parent, `_` does not say one.
    fn record(text: &str) -> Record {
        let at = text.find(['<', '!', '~', '?', '>']).unwrap();
        let (id, sign, rest) = (&text[..at], &text[at..=at], &text[at + 1..]);
        let mut value = match sign {
            "!" => json!({"type": "reset", "id": id}),
            "?" => json!({"type": "news", "id": id}),
            ">" => {
                let (target, append) = rest.split_once(',').unwrap_or((rest, ""));
                let mut leaf = json!({"type": "leaf", "id": id, "parentId": null, "targetId": named(target)});
                if !append.is_empty() {
                    leaf["appendParentId"] = named(append);
                }
                leaf
            }
            _ => json!({"type": "message", "id": id, "message": {"role": "user", "content": id}}),
        };
        if sign == "~" {
            value["appendMode"] = "side".into();
        }
        if sign != ">" && rest != "_" {
            value["parentId"] = named(rest);
        }
        Record::read(&value.to_string()).unwrap().unwrap()
    }

    fn named(id: &str) -> Value {
        if id == "-" { Value::Null } else { id.into() }
    }

    fn branch(story: &str, from_start: bool) -> String {
        let records: Vec<Record> = story.split_whitespace().map(record).collect();
        let branch = Branch::of(&records, from_start);
        let ids: Vec<&str> = branch.messages.iter().map(|message| message.entry.text.as_str()).collect();
        ids.join(" ") + if branch.whole { "" } else { " …" }
    }

    #[rstest]
    #[case::in_a_row("a<- b<a c<b", "a b c")]
    #[case::left_behind("a<- b<a c<a", "a c")]
    #[case::nothing("", "")]
    #[case::without_parents("a<_ b<_ c<_", "a b c")]
    #[case::leaf("a<- b<a c<b l>a d<a", "a d")]
    #[case::leaf_named_as_parent("a<- b<a l>a d<l", "a d")]
    #[case::leaf_at_the_end("a<- b<a c<b l>b", "a b")]
    #[case::leaf_to_nothing("a<- b<a l>-", "")]
    #[case::leaf_to_nothing_known("a<- b<a l>x", "a b")]
    #[case::leaf_with_a_cursor("a<- b<a c<b l>a,c d<c e<d", "a d e")]
    #[case::side("a<- b<a s~b c<b", "a b c")]
    #[case::appended_behind_a_side("a<- b<a s~b c<s", "a b c")]
    #[case::unknown_type_between("a<- x?a b<x", "a b")]
    #[case::appended_behind_an_unknown_type("a<- b<a x?a c<x", "a b c")]
    #[case::lost_parent("a<- b<a c<gone", "a b c")]
    #[case::reset("a<- b<a r!b c<r d<c", "c d")]
    #[case::reset_at_the_end("a<- b<a r!b", "")]
    #[case::two_resets("a<- r!a b<r s!b c<s", "c")]
    #[case::behind_a_reset_from_before_it("a<- b<a r!b c<a d<c", "c d")]
    #[case::leaf_behind_a_reset("a<- b<a r!b c<r l>a d<c", "c d")]
    #[case::unknown_type_behind_a_reset("a<- r!a b<r x?b c<b d<x", "b d")]
    #[case::leaf_within_a_reset("a<- r!a b<r c<b l>b d<b", "b d")]
    fn the_branch_of_a_whole_transcript(#[case] story: &str, #[case] expected: &str) {
        assert_eq!(branch(story, true), expected);
    }

    #[rstest]
    #[case::in_a_row("b<a c<b", "b c …")]
    #[case::up_to_a_reset("b<a r!b c<r", "c")]
    #[case::up_to_the_root("a<- b<a", "a b")]
    #[case::from_elsewhere("b<a c<b d<a", "d …")]
    #[case::leaf_to_before("b<a l>a", " …")]
    #[case::leaf_to_before_and_on("b<a l>a d<l", "d …")]
    #[case::without_parents("b<_ c<_", "b c …")]
    fn the_branch_of_an_end(#[case] story: &str, #[case] expected: &str) {
        assert_eq!(branch(story, false), expected);
    }
}
