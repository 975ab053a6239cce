//! What a dump shows of arguments and variables.

use super::harness::{Dump, Frame, Outcome, Python, Run, on_each, on_each_that};

/// Runs a script with a dump at each of its steps.
#[track_caller]
fn watched(run: Run, steps: usize) -> Outcome {
    let outcome = run.check(|victim| {
        for _ in 0..steps {
            victim.ready();
            victim.dump();
            victim.go_on();
        }
    });
    assert_eq!(outcome.dumps.len(), steps);
    outcome
}

/// The frame of that function in the main thread.
#[track_caller]
fn frame<'a>(dump: &'a Dump, name: &str) -> &'a Frame {
    let main = dump.threads.iter().find(|thread| thread.frames.iter().any(|frame| frame.name == name));
    main.unwrap_or_else(|| panic!("no frame of {name} in\n{}", dump.text)).frame(name)
}

#[test]
fn builtins_are_shown_as_python_writes_them() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "builtin_values.py"), 1);
        let hold = frame(&outcome.dumps[0], "hold");
        let expected = outcome.says.values();
        assert!(expected.len() > 40);
        for (name, value) in expected {
            assert_eq!(hold.local(name), value, "{name}");
        }
    });
}

#[test]
fn objects_are_shown_by_what_they_hold() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "instances.py"), 1);
        let hold = frame(&outcome.dumps[0], "hold");
        let told = outcome.says.values();
        for name in ["point", "red", "ordered", "counts", "default", "error", "deque"] {
            // Python 3.12 and later write OrderedDict by its items as a dict.
            let expected = if name == "ordered" { "OrderedDict({'b': 1, 'a': 2})" } else { told[name] };
            assert_eq!(hold.local(name), expected, "{name}");
        }
        let object = |class: &str, name: &str, attributes: &str| {
            assert_eq!(hold.local(name), format!("<__main__.{class} object at {} {attributes}>", told[name]));
        };
        object("Job", "job", "id=7, state='queued'");
        object("Slotted", "slotted", "left=1, right='r'");
        object("Order", "order", "number=5, lines=['nail']");
        assert_eq!(hold.local("row"), "Row({'a': 1})");
        assert_eq!(hold.local("name"), "Name('n')");
    });
}

#[test]
fn containers_in_themselves_come_to_an_end() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "cycles.py"), 1);
        let hold = frame(&outcome.dumps[0], "hold");
        for (name, value) in outcome.says.values() {
            assert_eq!(hold.local(name), value, "{name}");
        }
        assert!(hold.local("node").starts_with("<__main__.Node object at 0x"), "{hold:#?}");
        assert_eq!(hold.local("deque"), "deque([1, [...]])");
    });
}

#[test]
fn what_is_handed_down_a_stack_shows_in_each_frame_as_it_is_at_that_dump() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "handed_down.py"), 2);
        for (dump, items) in outcome.dumps.iter().zip(["['first', 2]", "['first', 2, 'third']"]) {
            for name in ["outer", "inner"] {
                let frame = frame(dump, name);
                let table = format!("{{'items': {items}}}");
                assert!(
                    frame.arguments.starts_with(&format!("{name}(items={items}, table={table}")),
                    "{frame:#?}"
                );
                assert_eq!(frame.local("again"), items);
                // Known by another name, and still not to be shown by this one.
                assert_eq!(frame.local("password"), "'********'");
            }
        }
    });
}

#[test]
fn arguments_come_in_the_order_of_the_signature() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "arguments.py"), 4);
        let of = |step: usize, name: &str| frame(&outcome.dumps[step], name).arguments.clone();
        let all = "all_kinds(first=1, second=2, *rest=(3, 'four'), only=5, default='d', **named={'z': 6, 'y': [7]})";
        assert_eq!(of(0, "all_kinds"), all);
        assert_eq!(frame(&outcome.dumps[0], "all_kinds").local("local"), "'local'");
        assert_eq!(of(1, "overwritten"), "overwritten(argument='new')");
        assert!(frame(&outcome.dumps[1], "overwritten").locals.is_empty());
        assert_eq!(of(2, "only_stars"), "only_stars(*args=(), **kwargs={})");
        assert_eq!(of(3, "none"), "none()");

        let outcome = watched(Run::new(python, "positional_only.py"), 2);
        let (method, of_class) = (python.name("Thing.method"), python.name("Thing.of_class"));
        let arguments = frame(&outcome.dumps[0], method).arguments.clone();
        assert!(arguments.starts_with(&format!("{method}(self=<__main__.Thing object at 0x")), "{arguments}");
        assert!(arguments.ends_with(">, a=1, b=2, c=3)"), "{arguments}");
        let arguments = frame(&outcome.dumps[1], of_class).arguments.clone();
        assert_eq!(arguments, format!("{of_class}(cls=<class '__main__.Thing'>, a=4)"));
    });
}

#[test]
fn cells_are_shown_by_what_is_in_them() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "closures.py"), 2);
        let outer = frame(&outcome.dumps[0], "outer");
        assert_eq!(outer.arguments, "outer(argument=1, captured_argument=2)");
        assert_eq!(outer.local("cell"), "['in a cell']");
        assert_eq!(outer.local("plain"), "'plain'");
        assert!(!outer.locals.contains_key("later"), "{outer:#?}");
        let inner = frame(&outcome.dumps[0], python.name("outer.<locals>.inner"));
        assert_eq!(inner.local("cell"), "['in a cell']");
        assert_eq!(inner.local("captured_argument"), "2");
        assert_eq!(inner.local("free_and_own"), "(['in a cell'], 2)");
        let deleted = frame(&outcome.dumps[1], "deleted");
        let names: Vec<_> = deleted.locals.keys().collect();
        assert_eq!(names, ["kept"]);
    });
}

#[test]
fn a_module_shows_its_data_and_counts_the_rest() {
    on_each_that(Python::shows_values, |python| {
        let script = || Run::new(python, "module_globals.py");
        let outcome = watched(script(), 1);
        let module = frame(&outcome.dumps[0], "<module>");
        let names: Vec<_> = module.locals.keys().collect();
        assert_eq!(names, ["answer", "names", "nothing"]);
        assert_eq!((module.local("answer"), module.local("names")), ("42", "['a', 'b']"));
        // os, sys, victim, step, Job, work; and the dunder names, whose number differs by version.
        let [left_out] = &module.remarks[..] else { panic!("{module:#?}") };
        let number = left_out.strip_prefix("… ").and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
        assert!(number.is_some_and(|number| (12..20).contains(&number)), "{left_out}");

        let outcome = watched(script().env("TRIPOD_GLOBALS", "all"), 1);
        let module = frame(&outcome.dumps[0], "<module>");
        assert_eq!(module.local("Job"), "<class '__main__.Job'>");
        assert!(module.local("os").starts_with("<module 'os'"), "{module:#?}");
        assert_eq!(module.local("__name__"), "'__main__'");
        assert_eq!(module.local("answer"), "42");
        assert!(module.remarks.is_empty(), "{module:#?}");

        let outcome = watched(script().env("TRIPOD_GLOBALS", "none"), 1);
        let module = frame(&outcome.dumps[0], "<module>");
        assert!(module.locals.is_empty(), "{module:#?}");
        // A function's variables have nothing to do with it.
        assert!(!frame(&outcome.dumps[0], "step").arguments.is_empty());
    });
}

#[test]
fn values_under_telling_names_are_masked() {
    on_each_that(Python::shows_values, |python| {
        let script = || Run::new(python, "telling_names.py");
        let outcome = watched(script(), 1);
        let login = frame(&outcome.dumps[0], "login");
        let arguments = "login(user='ada', password='********', options={'db_passwd': '********'})";
        assert_eq!(login.arguments, arguments);
        assert_eq!(login.local("api_key"), "'********'");
        assert_eq!(login.local("shown"), "'not a secret'");
        assert!(login.local("account").ends_with(" user='ada', private_key='********'>"), "{login:#?}");
        assert!(login.local("headers").contains("'Accept': 'text/plain'"), "{login:#?}");
        assert_eq!(outcome.log.matches("hunter-extra").count(), 1);
        // Source lines are the user's own, and are shown; none that stands on a stack here holds a value but the call.
        let values =
            outcome.log.replace("{\"db_passwd\": \"hunter-option\"}", "").replace("\"hunter-argument\"", "");
        assert_eq!(values.matches("hunter").count(), 1, "{values}");

        let outcome = watched(script().env("TRIPOD_REDACT", "payroll"), 1);
        let login = frame(&outcome.dumps[0], "login");
        assert_eq!((login.local("payroll"), login.local("api_key")), ("'********'", "'********'"));

        let outcome = watched(script().env("TRIPOD_REDACT", "off"), 1);
        let login = frame(&outcome.dumps[0], "login");
        assert_eq!(login.local("api_key"), "'hunter-local'");
        assert!(login.arguments.contains("password='hunter-argument'"), "{}", login.arguments);
        assert!(login.local("account").contains("hunter-attribute"), "{login:#?}");
    });
}

#[test]
fn nothing_in_the_log_drives_a_terminal() {
    // That the log is UTF-8 without control characters is seen whenever it is read.
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "escapes.py"), 1);
        let main = outcome.dumps[0].main();
        assert_eq!(main.name, r"main\x1b[31m\ud800\n");
        let hold = main.frames.iter().find(|frame| frame.name.contains("[32m")).unwrap();
        for (name, value) in [
            ("plain", "'before'"),
            ("red", r"'\x1b[31mred\x1b[0m'"),
            ("title", r"b'\x1b]0;title\x07'"),
            ("lone", r"'\ud800 and \udcff'"),
            ("nul", r"'a\x00b\rc\x7f\x9b\u2028\u202e'"),
            ("keys", r"{'\x1b[2J': 1, '\udc80': 2}"),
            ("zoo", "'after'"),
        ] {
            assert_eq!(hold.local(name), value);
        }
        let named = hold.local("named");
        assert!(named.contains(r"C\x1b[1m object at 0x"), "{named}");
        assert!(named.contains(r"at\x1btribute\ud800=1"), "{named}");
        assert!(!outcome.log.contains('\u{2028}') && !outcome.log.contains('\u{202e}'));
    });
}

#[test]
fn huge_values_hide_nothing() {
    on_each_that(Python::shows_values, |python| {
        let outcome = watched(Run::new(python, "huge.py"), 1);
        let hold = frame(&outcome.dumps[0], "hold");
        let neighbours = ["a_before", "k_between", "p_between", "z_after"].map(|name| hold.local(name));
        assert_eq!(neighbours, ["'first'", "'second'", "'third'", "'last'"]);
        let items = hold.local("items");
        assert!(items.starts_with("[0, 0, ") && items.ends_with(", … 9,999,980 more]"), "{items}");
        let text = hold.local("text");
        assert!(text.starts_with("'aaaa") && text.ends_with("aaaa'… (100,000,000 characters)"), "{text}");
        let bytes = hold.local("t_bytes");
        assert!(bytes.starts_with("b'\\x00") && bytes.ends_with("'… (50,000,000 bytes)"), "{bytes}");
        assert!(hold.local("table").ends_with(", … 99,980 more}"), "{}", hold.local("table"));
        // 2 ** 3,321,928 begins with these digits.
        let number = hold.local("number");
        assert!(number.contains("3,321,929 bits") || number.contains("1,000,001 digits"), "{number}");
        assert!(outcome.log.len() < 20_000, "{}", outcome.log.len());
    });
}

#[test]
fn limits_are_those_of_their_variables() {
    on_each_that(Python::shows_values, |python| {
        let of = |name: &str, value: &str| {
            let outcome = watched(Run::new(python, "limits.py").env(name, value), 1);
            (frame(&outcome.dumps[0], "hold").clone(), outcome.log)
        };
        let (hold, _) = of("TRIPOD_MAX_CHARS", "100");
        assert!(
            hold.local("text").starts_with("'xxxx")
                && hold.local("text").ends_with("xxxx'… (500 characters)")
        );
        assert!(hold.local("text").len() < 140, "{hold:#?}");
        let (hold, _) = of("TRIPOD_MAX_ITEMS", "3");
        assert_eq!(hold.local("items"), "[0, 1, 2, … 47 more]");
        let (hold, _) = of("TRIPOD_MAX_DEPTH", "2");
        assert_eq!(hold.local("deep"), "[[[… 1 more]]]");
        let (_, log) = of("TRIPOD_MAX_BYTES", "300");
        assert!(log.contains("TRIPOD_MAX_BYTES"), "{log}");
        let (hold, log) = of("TRIPOD_LOCALS", "args");
        assert_eq!(hold.arguments, "hold(argument='an argument')");
        assert!(hold.locals.is_empty() && log.contains("(TRIPOD_LOCALS=args)"), "{log}");
    });
}

#[test]
fn stacks_alone_where_values_are_not_wanted() {
    on_each(|python| {
        let outcome = watched(Run::new(python, "limits.py").env("TRIPOD_LOCALS", "none"), 1);
        let main = outcome.dumps[0].main();
        assert!(main.frames.is_empty());
        assert_eq!(
            main.short.iter().map(|frame| frame.name.as_str()).collect::<Vec<_>>(),
            ["<module>", "hold", "step"]
        );
        // Source lines are shown; values are not.
        assert!(!outcome.log.contains("'an argument'"), "{}", outcome.log);
        assert!(outcome.log.contains("TRIPOD_LOCALS=none"), "{}", outcome.log);
    });
}
