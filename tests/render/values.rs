//! Values on one line and in blocks.

use tripod::render::{one_line, value};
use tripod::snapshot::{Arena, Cut, Kind, Run, Value, ValueId};

use crate::build::{cut_string, fields, items, lacking, leaf, pairs, push, unread};

fn line_of(make: impl FnOnce(&mut Arena) -> Value) -> String {
    let mut arena = Arena::default();
    let value = make(&mut arena);
    let id = push(&mut arena, value);
    one_line(&arena, id)
}

/// The block of one variable.
fn block_of(name: &str, make: impl FnOnce(&mut Arena) -> Value) -> String {
    let mut arena = Arena::default();
    let value = make(&mut arena);
    let id = push(&mut arena, value);
    let name = arena.push_text(name);
    let mut out = String::new();
    value::block(&arena, [(name, id)].into_iter(), 2, &mut out);
    out
}

fn numbers(arena: &mut Arena, count: usize) -> Vec<Value> {
    (0..count).map(|number| leaf(arena, &(1000 + number).to_string())).collect()
}

#[test]
fn leaves_and_strings() {
    assert_eq!(line_of(|a| leaf(a, "None")), "None");
    assert_eq!(line_of(|a| cut_string(a, Kind::Characters, "'whole'", 0)), "'whole'");
    assert_eq!(
        line_of(|a| cut_string(a, Kind::Characters, "'aaaa'", 1_000_000)),
        "'aaaa'… (1,000,000 characters)"
    );
    assert_eq!(line_of(|a| cut_string(a, Kind::Bytes, "b'aaaa'", 1_000_000)), "b'aaaa'… (1,000,000 bytes)");
    assert_eq!(line_of(|_| Value { kind: Kind::Redacted, ..Value::default() }), "'********'");
}

#[test]
fn what_was_not_read_says_why() {
    for (cut, words) in [
        (None, "<not read>"),
        (Some(Cut::Depth), "<not read: TRIPOD_MAX_DEPTH>"),
        (Some(Cut::Characters), "<not read: TRIPOD_MAX_CHARS>"),
        (Some(Cut::DumpBytes), "<not read: TRIPOD_MAX_BYTES>"),
        (Some(Cut::Pause), "<not read: TRIPOD_MAX_PAUSE>"),
        (Some(Cut::Damaged), "<not read: memory not readable>"),
        (Some(Cut::NotStopped), "<not read: thread not stopped>"),
    ] {
        assert_eq!(line_of(|a| unread(a, "", cut)), words);
    }
    assert_eq!(line_of(|a| unread(a, "app.Job", Some(Cut::Pause))), "<app.Job not read: TRIPOD_MAX_PAUSE>");
    // A leaf without words was not read either.
    assert_eq!(line_of(|a| leaf(a, "")), "<not read>");
}

#[test]
fn groups_on_one_line() {
    assert_eq!(line_of(|a| items(a, "[", vec![], "]")), "[]");
    assert_eq!(
        line_of(|a| {
            let one = leaf(a, "1");
            items(a, "(", vec![one], ",)")
        }),
        "(1,)"
    );
    assert_eq!(
        line_of(|a| {
            let (one, two) = (leaf(a, "1"), leaf(a, "2"));
            let inner = items(a, "{", vec![one, two], "}");
            pairs(a, "OrderedDict({", vec![("'a'", inner), ("(1, 2)", two)], "})")
        }),
        "OrderedDict({'a': {1, 2}, (1, 2): 2})"
    );
    assert_eq!(
        line_of(|a| {
            let (x, y) = (leaf(a, "1"), leaf(a, "2"));
            fields(a, "Point(", vec![("x", x), ("y", y)], ")")
        }),
        "Point(x=1, y=2)"
    );
    assert_eq!(
        line_of(|a| {
            let (id, state) = (leaf(a, "7"), leaf(a, "'queued'"));
            fields(a, "<app.Job object at 0x7f00", vec![("id", id), ("state", state)], ">")
        }),
        "<app.Job object at 0x7f00 id=7, state='queued'>"
    );
    assert_eq!(
        line_of(|a| fields(a, "<app.Job object at 0x7f00", vec![], ">")),
        "<app.Job object at 0x7f00>"
    );
}

#[test]
fn what_groups_lack_is_their_last_entry() {
    let two = |a: &mut Arena| numbers(a, 2);
    for (omitted, cut, words) in [
        (199_980, None, "[1000, 1001, … 199,980 more]"),
        (3, Some(Cut::Characters), "[1000, 1001, … 3 more: TRIPOD_MAX_CHARS]"),
        (3, Some(Cut::Depth), "[1000, 1001, … 3 more]"),
        (0, Some(Cut::Damaged), "[1000, 1001, …: memory not readable]"),
    ] {
        let line = line_of(|a| {
            let children = two(a);
            lacking(items(a, "[", children, "]"), omitted, cut)
        });
        assert_eq!(line, words);
    }
    assert_eq!(line_of(|a| lacking(items(a, "[", vec![], "]"), 0, Some(Cut::Depth))), "[…]");
    assert_eq!(line_of(|a| lacking(pairs(a, "{", vec![], "}"), 5, Some(Cut::Depth))), "{… 5 more}");
    let object = line_of(|a| lacking(fields(a, "<app.Job at 0x7f00", vec![], ">"), 0, Some(Cut::Depth)));
    assert_eq!(object, "<app.Job at 0x7f00 …>");
    let point = line_of(|a| lacking(fields(a, "Point(", vec![], ")"), 0, Some(Cut::Depth)));
    assert_eq!(point, "Point(…)");
}

#[test]
fn bad_trees_are_marked_and_end() {
    let mut arena = Arena::default();
    assert_eq!(one_line(&arena, ValueId(7)), "…");
    // A list that holds itself where it should hold a mark.
    let mut list = items(&mut arena, "[", vec![], "]");
    list.children = Run { first: 0, count: 1 };
    let id = push(&mut arena, list);
    let line = one_line(&arena, id);
    assert!(line.starts_with("[[[") && line.contains("[…]") && line.len() < 1000, "{line}");
    // A dict whose last value is missing.
    let mut arena = Arena::default();
    let mut dict = pairs(&mut arena, "{", vec![("'a'", Value::default())], "}");
    dict.children.count = 1;
    let id = push(&mut arena, dict);
    assert_eq!(one_line(&arena, id), "{'a'}");
}

#[test]
fn variables_with_quotes_in_their_names() {
    assert_eq!(block_of("it's", |a| leaf(a, "1")), "  {\"it's\": 1}");
    assert_eq!(block_of("a\"b", |a| leaf(a, "1")), "  {'a\"b': 1}");
    assert_eq!(block_of("'\"'", |a| leaf(a, "1")), "  {'\\'\"\\'': 1}");
}

/// `{'x': …}` is as wide as may be, and one column wider, around the width of 76.
#[test]
fn a_block_breaks_when_it_is_wider_than_76_columns() {
    let list = |width: usize| {
        block_of("x", |a| {
            let word = leaf(a, &"9".repeat(width - "{'x': [1, ]}".len()));
            let one = leaf(a, "1");
            items(a, "[", vec![one, word], "]")
        })
    };
    assert_eq!(list(76), format!("  {{'x': [1, {}]}}", "9".repeat(64)));
    assert_eq!(list(77), format!("  {{'x': [1,\n         {}]}}", "9".repeat(65)));
}

#[test]
fn columns_count_not_bytes_nor_characters() {
    let list = |word: &str| {
        block_of("x", |a| {
            let (word, one) = (leaf(a, word), leaf(a, "1"));
            items(a, "[", vec![one, word], "]")
        })
    };
    // 62 columns of content and quotes fit beside `{'x': [1, ` and `]}`.
    assert!(!list(&format!("'{}'", "ö".repeat(62))).contains('\n'));
    assert!(list(&format!("'{}'", "ö".repeat(63))).contains('\n'));
    assert!(!list(&format!("'{}'", "東".repeat(31))).contains('\n'));
    assert!(list(&format!("'{}'", "東".repeat(32))).contains('\n'));
}

#[test]
fn long_strings_are_not_split() {
    let long = format!("'{}'", "a".repeat(300));
    assert_eq!(block_of("x", |a| leaf(a, &long)), format!("  {{'x': {long}}}"));
}

#[test]
fn a_list_is_broken_one_item_a_line() {
    let block = block_of("data", |a| {
        let children = numbers(a, 20);
        lacking(items(a, "[", children, "]"), 199_980, None)
    });
    let mut expected = "  {'data': [1000,\n".to_owned();
    for number in 1001..1020 {
        expected += &format!("            {number},\n");
    }
    expected += "            … 199,980 more]}";
    assert_eq!(block, expected);
}

#[test]
fn only_what_does_not_fit_is_broken() {
    let block = block_of("config", |a| {
        let many = numbers(a, 10);
        let many = items(a, "[", many, "]");
        let more = numbers(a, 16);
        let more = items(a, "(", more, ")");
        let inner = pairs(a, "{", vec![("'many'", many), ("'more'", more)], "}");
        let host = leaf(a, "'example.org'");
        pairs(a, "{", vec![("'host'", host), ("'inner'", inner)], "}")
    });
    let expected = "  {'config': {'host': 'example.org',
              'inner': {'many': [1000,
                                 1001,
                                 1002,
                                 1003,
                                 1004,
                                 1005,
                                 1006,
                                 1007,
                                 1008,
                                 1009],
                        'more': (1000,
                                 1001,
                                 1002,
                                 1003,
                                 1004,
                                 1005,
                                 1006,
                                 1007,
                                 1008,
                                 1009,
                                 1010,
                                 1011,
                                 1012,
                                 1013,
                                 1014,
                                 1015)}}}";
    assert_eq!(block, expected);
}

#[test]
fn objects_break_after_their_address_and_tuples_with_names_align() {
    let block = block_of("job", |a| {
        let (x, y) = (leaf(a, &"1".repeat(40)), leaf(a, &"2".repeat(40)));
        let point = fields(a, "Point(", vec![("x", x), ("y", y)], ")");
        let id = leaf(a, "7");
        fields(a, "<app.Job object at 0x7f0011223344", vec![("id", id), ("at", point)], ">")
    });
    let expected = "  {'job': <app.Job object at 0x7f0011223344
           id=7,
           at=Point(x=1111111111111111111111111111111111111111,
                    y=2222222222222222222222222222222222222222)>}";
    assert_eq!(block, expected);
}

#[test]
fn behind_long_keys_groups_hang_from_their_line() {
    let key = format!("'{}'", "k".repeat(60));
    let block = block_of("x", |a| {
        let children = numbers(a, 3);
        let list = items(a, "[", children, "]");
        pairs(a, "{", vec![(&key, list)], "}")
    });
    let expected = format!(
        "  {{'x': {{{key}: [
             1000,
             1001,
             1002]}}}}"
    );
    assert_eq!(block, expected);
}

#[test]
fn deep_trees_go_right_by_four_columns_a_level() {
    let block = block_of("x", |a| {
        let mut value = leaf(a, &"1".repeat(100));
        for _ in 0..20 {
            value = items(a, "collections.deque([", vec![value], "])");
        }
        value
    });
    let indents: Vec<usize> = block.lines().map(|line| line.len() - line.trim_start().len()).collect();
    // Three openings share the first line; from there on each level hangs.
    let expected: Vec<usize> = std::iter::once(2).chain((0..18).map(|level| 50 + 4 * level)).collect();
    assert_eq!(indents, expected, "{block}");
}
