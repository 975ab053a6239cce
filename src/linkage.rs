//! What the library must not ask of the process it is loaded into.
//!
//! `LD_PRELOAD` puts `libtripod.so` into every program, and a dependency that cannot be met ends that program before
//! `main`. Linked plainly on a current system the library would need `libgcc_s.so.1`, which slim containers lack and
//! which costs every process some 100 us, and glibc 2.34. Here each symbol that would do that is given a *hidden*
//! definition of its own, so that the reference never leaves the library:
//!
//! - `dlsym`, `dlopen`, `pthread_*`, `sem_*`: forwarded to the symbol version that glibc has had from its first release for this
//!   processor, as a *weak* reference: before glibc 2.34 these live in libpthread and libdl, which a Python always loads
//!   and another program need not have; there nothing calls them (see [`available`]).
//! - `stat64`, `gettid` and a few more that glibc exports only of late: made of the system call.
//! - `_Unwind_*`: looked up in `libgcc_s.so.1` when the first panic or forced unwind needs them. It is the very unwinder
//!   that glibc's `pthread_exit` uses, so that the two agree on their private structures.
//!
//! `scripts/check-symbols` holds the result: no `Py*`, no `libgcc_s`, and the highest glibc version that is named.
//! Nothing here allocates; looking the unwinder up may block on the dynamic linker's lock.
#![allow(unsafe_code)]

use std::arch::global_asm;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(target_arch = "x86_64")]
macro_rules! oldest {
    () => {
        "GLIBC_2.2.5"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! oldest {
    () => {
        "GLIBC_2.17"
    };
}

/// Emits, for each name, a hidden function of that name that jumps to the oldest version of glibc's own.
macro_rules! forward {
    ($($name:literal)*) => { $(
        #[cfg(target_arch = "x86_64")]
        global_asm!(
            concat!(".weak tripod_", $name),
            concat!(".symver tripod_", $name, ", ", $name, "@", oldest!()),
            ".pushsection .text",
            concat!(".globl ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",@function"),
            concat!($name, ":"),
            concat!("jmp *tripod_", $name, "@GOTPCREL(%rip)"),
            ".popsection",
            options(att_syntax)
        );
        #[cfg(target_arch = "aarch64")]
        global_asm!(
            concat!(".weak tripod_", $name),
            concat!(".symver tripod_", $name, ", ", $name, "@", oldest!()),
            ".pushsection .text",
            concat!(".globl ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",%function"),
            concat!($name, ":"),
            concat!("adrp x16, :got:tripod_", $name),
            concat!("ldr x16, [x16, :got_lo12:tripod_", $name, "]"),
            "br x16",
            ".popsection",
        );
    )* };
}

forward! {
    "dlsym" "dlopen" "pthread_create" "pthread_key_create" "pthread_key_delete" "pthread_setspecific"
    "pthread_attr_setstacksize" "pthread_join" "pthread_sigmask"
    "sem_init" "sem_post" "sem_wait" "sem_trywait" "sem_timedwait"
}

#[cfg(target_arch = "x86_64")]
global_asm!(
    // Zero where the weak reference found nothing.
    ".pushsection .text",
    ".hidden tripod_has_threads",
    ".globl tripod_has_threads",
    "tripod_has_threads:",
    "movq tripod_dlsym@GOTPCREL(%rip), %rax",
    "testq %rax, %rax",
    "je 2f",
    "movq tripod_pthread_create@GOTPCREL(%rip), %rax",
    "2: ret",
    ".popsection",
    options(att_syntax)
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".pushsection .text",
    ".hidden tripod_has_threads",
    ".globl tripod_has_threads",
    "tripod_has_threads:",
    "adrp x0, :got:tripod_dlsym",
    "ldr x0, [x0, :got_lo12:tripod_dlsym]",
    "cbz x0, 2f",
    "adrp x0, :got:tripod_pthread_create",
    "ldr x0, [x0, :got_lo12:tripod_pthread_create]",
    "2: ret",
    ".popsection",
);

unsafe extern "C" {
    fn tripod_has_threads() -> usize;
}

/// Whether `dlsym` and threads are to be had in this process; where not, it has no Python either.
pub(crate) fn available() -> bool {
    // SAFETY: the function above reads two words of our own offset table.
    unsafe { tripod_has_threads() != 0 }
}

/// Defines `$name`, hidden, as a jump to `$function`.
macro_rules! define {
    ($($name:literal = $function:path;)*) => { $(
        #[cfg(target_arch = "x86_64")]
        global_asm!(
            ".pushsection .text",
            concat!(".weak ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",@function"),
            concat!($name, ":"),
            "jmp {function}",
            ".popsection",
            function = sym $function,
            options(att_syntax)
        );
        #[cfg(target_arch = "aarch64")]
        global_asm!(
            ".pushsection .text",
            concat!(".weak ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",%function"),
            concat!($name, ":"),
            "b {function}",
            ".popsection",
            function = sym $function,
        );
    )* };
}

define! {
    "stat64" = stat;
    "lstat64" = lstat;
    "fstat64" = fstat;
    "statx" = statx;
    "gettid" = gettid;
    "getrandom" = getrandom;
}

/// `stat64`, which glibc exports by that name only from 2.33 on. On both processors `struct stat64` is the kernel's own.
extern "C" fn stat(path: *const c_char, into: *mut libc::stat64) -> c_int {
    // SAFETY: the caller passes what `stat64` asks for; the kernel checks both pointers.
    unsafe { libc::syscall(libc::SYS_newfstatat, libc::AT_FDCWD, path, into, 0) as c_int }
}

/// `lstat64`; as [`stat`].
extern "C" fn lstat(path: *const c_char, into: *mut libc::stat64) -> c_int {
    // SAFETY: as in `stat`.
    unsafe {
        libc::syscall(libc::SYS_newfstatat, libc::AT_FDCWD, path, into, libc::AT_SYMLINK_NOFOLLOW) as c_int
    }
}

/// `fstat64`; as [`stat`].
extern "C" fn fstat(descriptor: c_int, into: *mut libc::stat64) -> c_int {
    // SAFETY: as in `stat`.
    unsafe { libc::syscall(libc::SYS_fstat, descriptor, into) as c_int }
}

/// `statx`, in glibc from 2.28 on; the kernel's ENOSYS serves where it is not to be had.
extern "C" fn statx(
    descriptor: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    into: *mut libc::statx,
) -> c_int {
    // SAFETY: as in `stat`.
    unsafe { libc::syscall(libc::SYS_statx, descriptor, path, flags, mask, into) as c_int }
}

/// `gettid`, in glibc from 2.30 on.
extern "C" fn gettid() -> libc::pid_t {
    // SAFETY: the call has no preconditions.
    unsafe { libc::syscall(libc::SYS_gettid) as libc::pid_t }
}

/// `getrandom`, in glibc from 2.25 on.
extern "C" fn getrandom(into: *mut c_void, count: usize, flags: c_uint) -> isize {
    // SAFETY: as in `stat`.
    unsafe { libc::syscall(libc::SYS_getrandom, into, count, flags) as isize }
}

/// Declares the unwinder's functions: a table of addresses, zero until the first call, and a hidden stub for each.
macro_rules! unwinder {
    ($count:literal: $($index:literal $name:literal)*) => {
        static UNWINDER: [AtomicUsize; $count] = [const { AtomicUsize::new(0) }; $count];
        const UNWINDER_NAMES: [&CStr; $count] = [$(
            // The literal ends in the only NUL.
            match CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()) { Ok(name) => name, Err(_) => c"" }
        ),*];
        $(
            #[cfg(target_arch = "x86_64")]
            global_asm!(
                ".pushsection .text",
                concat!(".globl ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",@function"),
                concat!($name, ":"),
                concat!("movq {table}+8*", $index, "(%rip), %rax"),
                "testq %rax, %rax",
                "jne 2f",
                "call tripod_find_unwinder",
                concat!("movq {table}+8*", $index, "(%rip), %rax"),
                "2: jmp *%rax",
                ".popsection",
                table = sym UNWINDER,
                options(att_syntax)
            );
            #[cfg(target_arch = "aarch64")]
            global_asm!(
                ".pushsection .text",
                concat!(".globl ", $name), concat!(".hidden ", $name), concat!(".type ", $name, ",%function"),
                concat!($name, ":"),
                concat!("adrp x16, {table}+8*", $index),
                concat!("ldr x16, [x16, :lo12:{table}+8*", $index, "]"),
                "cbnz x16, 2f",
                "mov x17, x30",
                "bl tripod_find_unwinder",
                "mov x30, x17",
                concat!("adrp x16, {table}+8*", $index),
                concat!("ldr x16, [x16, :lo12:{table}+8*", $index, "]"),
                "2: br x16",
                ".popsection",
                table = sym UNWINDER,
            );
        )*
    };
}

unwinder! { 12:
    0 "_Unwind_DeleteException"
    1 "_Unwind_GetDataRelBase"
    2 "_Unwind_GetIP"
    3 "_Unwind_GetLanguageSpecificData"
    4 "_Unwind_GetRegionStart"
    5 "_Unwind_GetTextRelBase"
    6 "_Unwind_RaiseException"
    7 "_Unwind_Resume"
    8 "_Unwind_SetGR"
    9 "_Unwind_SetIP"
    10 "_Unwind_Backtrace"
    11 "_Unwind_GetIPInfo"
}

// Calls `find_unwinder` with the arguments of the interrupted call kept.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".pushsection .text",
    "tripod_find_unwinder:",
    "pushq %rdi",
    "pushq %rsi",
    "pushq %rdx",
    "pushq %rcx",
    "pushq %r8",
    "pushq %r9",
    "call {find}",
    "popq %r9",
    "popq %r8",
    "popq %rcx",
    "popq %rdx",
    "popq %rsi",
    "popq %rdi",
    "ret",
    ".popsection",
    find = sym find_unwinder,
    options(att_syntax)
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".pushsection .text",
    "tripod_find_unwinder:",
    "stp x0, x1, [sp, #-64]!",
    "stp x2, x3, [sp, #16]",
    "stp x4, x5, [sp, #32]",
    "stp x17, x30, [sp, #48]",
    "bl {find}",
    "ldp x17, x30, [sp, #48]",
    "ldp x4, x5, [sp, #32]",
    "ldp x2, x3, [sp, #16]",
    "ldp x0, x1, [sp], #64",
    "ret",
    ".popsection",
    find = sym find_unwinder,
);

/// Fills the table. Without `libgcc_s` a thread that would unwind stands still for ever instead: only the agent's own
/// thread ever does, and ending the program is not ours to do.
extern "C" fn find_unwinder() {
    // SAFETY: the name is a C string; the handle is kept, so that the addresses stay good.
    let library = unsafe { libc::dlopen(c"libgcc_s.so.1".as_ptr(), libc::RTLD_LAZY) };
    for (slot, name) in UNWINDER.iter().zip(UNWINDER_NAMES) {
        let found: *mut c_void = if library.is_null() {
            std::ptr::null_mut()
        } else {
            // SAFETY: an open handle and a C string.
            unsafe { libc::dlsym(library, name.as_ptr()) }
        };
        let address = if found.is_null() { stand_still as extern "C" fn() as usize } else { found as usize };
        slot.store(address, Ordering::Release);
    }
}

/// Never returns.
extern "C" fn stand_still() {
    loop {
        // SAFETY: `pause` has no preconditions.
        unsafe { libc::pause() };
    }
}
