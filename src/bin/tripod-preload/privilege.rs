//! Whether the kernel would start a program in secure mode (`AT_SECURE`), in which the dynamic loader drops
//! `LD_PRELOAD` in silence.
//!
//! The rules are those of `bprm_fill_uid` (Linux, fs/exec.c) and `cap_bprm_creds_from_file` (security/commoncap.c). It
//! is not the set-user-id bit that counts but whether ids come out different: root may run a set-user-id-root
//! program with `LD_PRELOAD`, and so may anybody their own.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::StatVfsMountFlags;

/// Who runs the program.
#[derive(Clone, Copy, Debug)]
struct Caller {
    uid: u32,
    euid: u32,
    gid: u32,
    egid: u32,
    /// `PR_SET_NO_NEW_PRIVS` was used: set-id bits have no effect.
    no_new_privileges: bool,
}

/// What the program's file would change.
#[derive(Clone, Copy, Debug)]
struct File {
    mode: u32,
    uid: u32,
    gid: u32,
    has_capabilities: bool,
    /// The file system is mounted with `nosuid`: neither bits nor capabilities have an effect.
    on_nosuid: bool,
}

/// Why the program at `path` would run in secure mode; `None` if it would not, or if that cannot be found out.
pub(crate) fn reason(path: &Path) -> Option<&'static str> {
    let caller = Caller {
        uid: rustix::process::getuid().as_raw(),
        euid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        egid: rustix::process::getegid().as_raw(),
        no_new_privileges: rustix::thread::no_new_privs().unwrap_or(false),
    };
    let metadata = fs::metadata(path).ok()?;
    let file = File {
        mode: metadata.mode(),
        uid: metadata.uid(),
        gid: metadata.gid(),
        // With no room for the value, the answer is its size: an error if there is no such attribute.
        has_capabilities: rustix::fs::getxattr(path, "security.capability", &mut [0; 0]).is_ok(),
        on_nosuid: rustix::fs::statvfs(path).is_ok_and(|fs| fs.f_flag.contains(StatVfsMountFlags::NOSUID)),
    };
    secure(caller, file)
}

fn secure(caller: Caller, file: File) -> Option<&'static str> {
    let bits_count = !file.on_nosuid && !caller.no_new_privileges;
    let set_uid = bits_count && file.mode & libc::S_ISUID != 0;
    // Without the group's x bit, the set-group-id bit once meant mandatory locking and changes no id.
    let set_gid = bits_count && file.mode & libc::S_ISGID != 0 && file.mode & libc::S_IXGRP != 0;
    if set_uid && file.uid != caller.uid {
        return Some("it is set-user-id");
    }
    if set_gid && file.gid != caller.gid {
        return Some("it is set-group-id");
    }
    if file.has_capabilities && !file.on_nosuid && caller.uid != 0 {
        return Some("its file has capabilities");
    }
    if !set_uid && caller.euid != caller.uid || !set_gid && caller.egid != caller.gid {
        return Some("tripod-preload runs with other effective than real ids");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Caller = Caller { uid: 1000, euid: 1000, gid: 100, egid: 100, no_new_privileges: false };
    const PLAIN: File = File { mode: 0o755, uid: 0, gid: 0, has_capabilities: false, on_nosuid: false };

    #[test]
    fn a_plain_program_is_not_secure() {
        assert_eq!(secure(USER, PLAIN), None);
        assert_eq!(secure(Caller { uid: 0, euid: 0, ..USER }, PLAIN), None);
    }

    #[test]
    fn a_set_user_id_program_is_secure_where_it_changes_the_user() {
        let su = File { mode: 0o4755, ..PLAIN };
        assert_eq!(secure(USER, su), Some("it is set-user-id"));
        assert_eq!(secure(USER, File { uid: 1000, ..su }), None);
        assert_eq!(secure(Caller { uid: 0, euid: 0, ..USER }, su), None);
        assert_eq!(secure(USER, File { on_nosuid: true, ..su }), None);
        assert_eq!(secure(Caller { no_new_privileges: true, ..USER }, su), None);
    }

    #[test]
    fn a_set_group_id_program_needs_its_x_bit() {
        assert_eq!(secure(USER, File { mode: 0o2755, ..PLAIN }), Some("it is set-group-id"));
        assert_eq!(secure(USER, File { mode: 0o2745, ..PLAIN }), None);
        assert_eq!(secure(USER, File { mode: 0o2755, gid: 100, ..PLAIN }), None);
    }

    #[test]
    fn capabilities_are_secure_for_all_but_root() {
        let ping = File { has_capabilities: true, ..PLAIN };
        assert_eq!(secure(USER, ping), Some("its file has capabilities"));
        // no_new_privs takes the capabilities away, but not the mode.
        assert_eq!(
            secure(Caller { no_new_privileges: true, ..USER }, ping),
            Some("its file has capabilities")
        );
        assert_eq!(secure(Caller { uid: 0, euid: 0, ..USER }, ping), None);
        assert_eq!(secure(USER, File { on_nosuid: true, ..ping }), None);
    }

    #[test]
    fn ids_that_differ_already_stay_so_unless_the_program_sets_them_back() {
        let caller = Caller { euid: 0, ..USER };
        assert_eq!(secure(caller, PLAIN), Some("tripod-preload runs with other effective than real ids"));
        assert_eq!(secure(caller, File { mode: 0o4755, uid: 1000, ..PLAIN }), None);
    }
}
