//! The command line and its help, both made from the one table of variables.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, value_parser};
use tripod::config::{VARIABLES, Variable};

/// The id of the command and its arguments.
pub(crate) const COMMAND: &str = "COMMAND";

/// Columns of the help text.
const WIDTH: usize = 100;

const EXAMPLES: &str = "\
Examples:
  tripod-preload python app.py                       then, when it hangs: kill -USR2 PID
  tripod-preload --interval 5 python app.py          a dump every five seconds
  tripod-preload --log /var/tmp/app-%p.log sh run.sh
";

const EXIT_STATUS: &str = "\
Exit status:
  2    a bad option or variable, no library, or a COMMAND that the library cannot be loaded into
  126  COMMAND cannot be executed
  127  COMMAND was not found
  else that of COMMAND, which takes the place of tripod-preload and has its process id
";

/// The command line: an option for each variable that has one, by the variable's name.
pub(crate) fn command() -> Command {
    Command::new("tripod-preload")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Run COMMAND with Tripod in it: a Python then writes every thread's stack, with local variables,\n\
             to a log file when a signal comes or at an interval. Other programs run as they would without.",
        )
        .override_usage("tripod-preload [OPTION]... [--] COMMAND [ARG]...")
        .after_help(format!("{}\n{EXAMPLES}\n{EXIT_STATUS}", environment()))
        .args_override_self(true)
        .args(VARIABLES.iter().filter_map(option))
        .arg(
            Arg::new(COMMAND)
                .required(true)
                .num_args(1..)
                // What follows the first word belongs to it, options included.
                .trailing_var_arg(true)
                .value_parser(value_parser!(OsString))
                .hide(true),
        )
}

fn option(variable: &Variable) -> Option<Arg> {
    let option = variable.option?;
    let arg = Arg::new(variable.name).long(option.name).help(option.help);
    Some(match option.value {
        Some(value) => arg
            .value_name(value)
            .value_parser(value_parser!(OsString))
            // A negative number is refused by what reads the value, which can say why.
            .allow_negative_numbers(true),
        None => arg.action(ArgAction::SetTrue),
    })
}

/// The section that tells of the variables.
fn environment() -> String {
    let mut text = String::from("Environment (an option goes before its variable):\n");
    for Variable { name, value, default, meaning, option, .. } in VARIABLES {
        let option = option.map_or(String::new(), |option| format!("--{}, ", option.name));
        let _ = writeln!(text, "  {name}={value}  ({option}default: {default})");
        wrap(&mut text, 10, meaning);
    }
    text
}

/// Writes the words in lines of at most [`WIDTH`] columns, all of them indented.
fn wrap(text: &mut String, indent: usize, words: &str) {
    let mut column = 0;
    for word in words.split_whitespace() {
        let width = word.chars().count();
        if column == 0 {
            let _ = write!(text, "{:indent$}{word}", "");
            column = indent + width;
        } else if column + 1 + width <= WIDTH {
            let _ = write!(text, " {word}");
            column += 1 + width;
        } else {
            let _ = write!(text, "\n{:indent$}{word}", "");
            column = indent + width;
        }
    }
    text.push('\n');
}
