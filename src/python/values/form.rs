//! What an object is, for showing it: one [`Form`] for each structure that is known.
//!
//! The structure of a C type is told by the type's address or, where it was made in C, by its name; what a Python class
//! stands for by its module and qualified name. The latter can be claimed by any script, and may be: attributes of an
//! instance are only ever looked for, never expected.

/// How an object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after the type that it reads")]
pub enum Form {
    /// An instance of a Python class, by its attributes.
    Instance,
    /// A C type whose structure is not known, by its name and address.
    Opaque,
    Int,
    Bool,
    Float,
    Complex,
    Str,
    Bytes,
    ByteArray,
    List,
    Tuple,
    NamedTuple,
    StructSequence,
    Dict,
    Set,
    FrozenSet,
    Range,
    Slice,
    Class,
    Module,
    Function,
    Builtin,
    Method,
    Code,
    Generator,
    Coroutine,
    AsyncGenerator,
    MemberDescriptor,
    GetSetDescriptor,
    MethodDescriptor,
    WrapperDescriptor,
    MappingProxy,
    DictKeys,
    DictValues,
    DictItems,
    OrderedDict,
    Weakref,
    WeakProxy,
    Exception,
    DefaultDict,
    Counter,
    Deque,
    Partial,
    Namespace,
    Enum,
    Lock,
    RecursiveLock,
    Thread,
    Event,
    Condition,
    Semaphore,
    Barrier,
    Queue,
    SimpleQueue,
    Future,
    Socket,
    TextFile,
    BufferedFile,
    RawFile,
    StringFile,
    BytesFile,
    Date,
    DateTime,
    Time,
    TimeDelta,
    TimeZone,
    ZoneInfo,
    Decimal,
    Fraction,
    Array,
    Scalar,
    Pattern,
    Uuid,
    Path,
    Process,
    AsyncFuture,
    AsyncTask,
    Cell,
    MethodWrapper,
    Decorated,
    Alias,
    Union,
    MemoryView,
}

impl Form {
    /// The form of instances of a type that was made in C and has that `tp_name`.
    pub(super) fn of_c_type(name: &[u8]) -> Option<Form> {
        Some(match name {
            b"collections.deque" => Form::Deque,
            b"collections.defaultdict" => Form::DefaultDict,
            b"functools.partial" => Form::Partial,
            b"types.SimpleNamespace" => Form::Namespace,
            b"_thread.lock" => Form::Lock,
            b"_thread.RLock" => Form::RecursiveLock,
            b"_queue.SimpleQueue" => Form::SimpleQueue,
            b"_socket.socket" => Form::Socket,
            b"_io.TextIOWrapper" => Form::TextFile,
            b"_io.BufferedReader" | b"_io.BufferedWriter" | b"_io.BufferedRandom" => Form::BufferedFile,
            b"_io.FileIO" => Form::RawFile,
            b"_io.StringIO" => Form::StringFile,
            b"_io.BytesIO" => Form::BytesFile,
            b"datetime.date" => Form::Date,
            b"datetime.datetime" => Form::DateTime,
            b"datetime.time" => Form::Time,
            b"datetime.timedelta" => Form::TimeDelta,
            b"datetime.timezone" => Form::TimeZone,
            b"zoneinfo.ZoneInfo" => Form::ZoneInfo,
            b"decimal.Decimal" => Form::Decimal,
            b"numpy.ndarray" => Form::Array,
            b"numpy.bool" | b"numpy.bool_" | b"numpy.int8" | b"numpy.int16" | b"numpy.int32"
            | b"numpy.int64" | b"numpy.uint8" | b"numpy.uint16" | b"numpy.uint32" | b"numpy.uint64"
            | b"numpy.float32" => Form::Scalar,
            b"re.Pattern" => Form::Pattern,
            b"_asyncio.Future" => Form::AsyncFuture,
            b"_asyncio.Task" => Form::AsyncTask,
            b"cell" => Form::Cell,
            b"method-wrapper" => Form::MethodWrapper,
            b"staticmethod" | b"classmethod" => Form::Decorated,
            b"types.GenericAlias" => Form::Alias,
            b"types.UnionType" | b"typing.Union" => Form::Union,
            b"memoryview" => Form::MemoryView,
            b"weakproxy" | b"weakcallableproxy" | b"weakref.ProxyType" | b"weakref.CallableProxyType" => {
                Form::WeakProxy
            }
            _ => return None,
        })
    }

    /// The form of instances of a class made by a `class` statement.
    pub(super) fn of_class(full: &str) -> Option<Form> {
        Some(match full {
            "collections.Counter" => Form::Counter,
            "enum.Enum" => Form::Enum,
            "threading.Thread" => Form::Thread,
            "threading.Event" => Form::Event,
            "threading.Condition" => Form::Condition,
            "threading.Semaphore" => Form::Semaphore,
            "threading.Barrier" => Form::Barrier,
            "queue.Queue" => Form::Queue,
            "fractions.Fraction" => Form::Fraction,
            "uuid.UUID" => Form::Uuid,
            "pathlib.PurePath" | "pathlib._local.PurePath" => Form::Path,
            "subprocess.Popen" => Form::Process,
            "concurrent.futures._base.Future" => Form::Future,
            _ => return None,
        })
    }
}
