/* Prints where CPython's headers put the members that Tripod reads, one `name offset` a line.
 *
 * scripts/check-layouts compiles this against the headers of every interpreter that it finds, as a release and as a
 * Py_DEBUG build, and compares with what the tables in src/python/layout say. The names are those of the tables'
 * fields. From 3.13 on the table of debug offsets comes first, as a line of hexadecimal bytes, for the Rust side to
 * build its own table from.
 *
 * The program is never started with an interpreter in it: it takes offsets only, so that symbols may stay undefined.
 */
#include <stddef.h>
#include <stdio.h>

#include "Python.h"

#define MINOR PY_MINOR_VERSION

#if MINOR == 8
#  include "code.h"
#endif
#include "frameobject.h"
#include "structmember.h"
#include "internal/pycore_pystate.h"
#if MINOR >= 9
#  include "internal/pycore_interp.h"
#  include "internal/pycore_runtime.h"
#endif
#if MINOR >= 10
#  include "internal/pycore_code.h"
#endif
#if MINOR >= 11
#  include "internal/pycore_frame.h"
#  include "internal/pycore_dict.h"
#  include "internal/pycore_function.h"
#  include "internal/pycore_object.h"
#endif
#if MINOR >= 14
#  include "internal/pycore_interpframe.h"
#  include "internal/pycore_debug_offsets.h"
#elif MINOR == 13
#  include "internal/pycore_ceval.h"
#  include "internal/pycore_runtime_init.h"
#endif

/* The member `member` of `type`, known to the tables as `name`. */
#define MEMBER(name, type, member) printf("%s %zu\n", name, offsetof(type, member));
/* A number that is no plain member. */
#define NUMBER(name, number) printf("%s %zu\n", name, (size_t)(number));

/* What the tables know and no header declares: it must be in the tables, and is told as not checked. */
#define UNSAID(name) printf("%s ?\n", name);

#if MINOR >= 14
static const _Py_DebugOffsets offsets = _Py_DebugOffsets_INIT("xdebugpy");
#  define OFFSETS offsets
#elif MINOR == 13
#  include "internal/pycore_ceval.h"
static _PyRuntimeState runtime = _PyRuntimeState_INIT(runtime, "xdebugpy");
#  define OFFSETS runtime.debug_offsets
#endif

int main(void)
{
#ifdef OFFSETS
    printf("debug_offsets ");
    for (size_t i = 0; i < sizeof(OFFSETS); i++) {
        printf("%02x", ((const unsigned char *)&OFFSETS)[i]);
    }
    printf("\n");
#endif
#include "layouts/walk.h"
#include "layouts/objects.h"
    return 0;
}
