//! The marks under a source line.

use tripod::render::text::{self, Locals, Options};

use crate::build::{Builder, Files};

/// Source line and carets of the full form; positions are bytes of the whole line, its indent included.
fn carets(source: &str, columns: (u32, u32), end_line: u32) -> String {
    let mut builder = Builder::default();
    builder.thread(1, "MainThread", 2);
    let frame = builder.frame("a.py", 1, "f");
    frame.columns = Some(columns);
    frame.end_line = Some(end_line);
    let mut files = Files::default();
    files.files.insert("a.py", source.to_owned());
    let mut out = String::new();
    let options = Options { signal_name: "", locals: Locals::Arguments };
    text::dump(&builder.snapshot, options, &mut files, &mut out);
    let (short, full) = out.split_once("Full backtrace").unwrap();
    assert!(!short.contains('^'), "the short form has no carets: {short}");
    let lines: Vec<&str> = full.lines().skip_while(|line| !line.starts_with("  File")).skip(1).collect();
    let blank = lines.iter().position(|line| line.is_empty()).unwrap();
    lines[..blank].join("\n")
}

#[test]
fn a_part_of_the_line_is_marked() {
    assert_eq!(
        carets("        data = sock.recv(65536)\n", (15, 31), 1),
        "    data = sock.recv(65536)\n           ^^^^^^^^^^^^^^^^"
    );
    assert_eq!(carets("f(1) + g\n", (0, 4), 1), "    f(1) + g\n    ^^^^");
}

#[test]
fn the_whole_line_is_not_marked() {
    assert_eq!(carets("    main()\n", (4, 10), 1), "    main()");
    assert_eq!(carets("    main()  \n", (4, 10), 1), "    main()");
}

#[test]
fn ranges_over_lines_and_ranges_that_do_not_fit_are_not_marked() {
    assert_eq!(carets("    main(a,\n", (4, 8), 2), "    main(a,");
    assert_eq!(carets("    main()\n", (2, 8), 1), "    main()");
    assert_eq!(carets("    main()\n", (4, 11), 1), "    main()");
    assert_eq!(carets("    main()\n", (8, 8), 1), "    main()");
    assert_eq!(carets("    main()\n", (u32::MAX, u32::MAX), 1), "    main()");
}

#[test]
fn columns_are_bytes_of_utf_8_and_carets_stand_under_what_is_seen() {
    // `größe = ` is 10 bytes and 8 columns.
    assert_eq!(carets("größe = f(1)\n", (10, 14), 1), "    größe = f(1)\n            ^^^^");
    // Each of 東京 is 3 bytes and 2 columns.
    assert_eq!(carets("'東京' + f('東')\n", (11, 19), 1), "    '東京' + f('東')\n             ^^^^^^^");
}

#[test]
fn tabs_and_escapes_keep_the_carets_in_place() {
    assert_eq!(carets("\tx =\tf(1)\n", (5, 9), 1), "    x = f(1)\n        ^^^^");
    assert_eq!(carets("'\x1b' + f(1)\n", (6, 10), 1), "    '\\x1b' + f(1)\n             ^^^^");
}

#[test]
fn long_lines_are_cut_and_marked_only_in_what_is_seen() {
    let source = format!("{} + f(1)", "x".repeat(600));
    let cut = format!("    {}…", "x".repeat(500));
    assert_eq!(carets(&source, (603, 607), 1), cut);
    assert_eq!(carets(&source, (0, 600), 1), cut);
    assert_eq!(carets(&source, (0, 10), 1), format!("{cut}\n    ^^^^^^^^^^"));
}
