"""Tenlock for Python: encrypted volumes as files.

    with tenlock.unlock("stick.tenlock", passphrase) as volume:
        volume.seek(4000)
        volume.write(b"minutes of the meeting")

A module without dependencies over the C interface (tenlock.h), by ctypes: to be copied and extended. It loads
the library that the environment variable TENLOCK_LIBRARY names, or the installed one. Long calls let other
threads run.
"""

import ctypes
import ctypes.util
import io
import json
import os
from ctypes import (POINTER, Structure, byref, c_char, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p,
                    sizeof)

_ABI_VERSION = 1

CODE_WRONG_CREDENTIAL, CODE_ERASED, CODE_BUSY, CODE_CANCELLED, CODE_SLOT_ERASED = 3, 4, 7, 10, 121
ROLE_ADMIN, ROLE_USER, ROLE_RECOVERY, ROLE_ESCROW = 1, 2, 3, 4
STATE_LOCKED, STATE_ERASING, STATE_ERASED = 1, 2, 3
_STORAGE_OPEN, _STORAGE_CREATE = 0, 2
_CHOOSE_OBVIOUS, _CHOOSE_ROLE = 0, 2


class _Sized(Structure):
    """A struct that begins with its size; what is not given is zero, the default."""

    def __init__(self, **members):
        super().__init__(sizeof(type(self)), **members)


class _Error(_Sized):
    _fields_ = [("size", c_size_t), ("code", c_int32), ("os_error", c_int32), ("offset", c_uint64),
                ("slots", c_uint32), ("remaining", c_int32), ("erases_volume", c_uint32), ("reserved", c_uint32),
                ("text", c_char * 512)]


_Report = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint32)


class _Progress(_Sized):
    _fields_ = [("size", c_size_t), ("context", c_void_p), ("report", _Report)]


class _Label(_Sized):
    _fields_ = [("size", c_size_t), ("label", c_char_p), ("owner", c_char_p), ("contact", c_char_p),
                ("reward", c_char_p), ("asset_tag", c_char_p), ("customer", c_char_p), ("hint", c_char_p)]


class _CreateOptions(_Sized):
    _fields_ = [("size", c_size_t), ("label", POINTER(_Label)), ("policy", c_void_p),
                ("progress", POINTER(_Progress)), ("log", c_void_p), ("workers", c_void_p), ("host", c_char_p),
                ("agent", c_char_p), ("payload_length", c_uint64), ("sector_size", c_uint32),
                ("kdf_memory_kib", c_uint32), ("kdf_passes", c_uint32), ("kdf_lanes", c_uint32),
                ("attempt_limit", c_uint32), ("overwrite", c_uint32)]


class _SlotOptions(_Sized):
    _fields_ = [("size", c_size_t), ("name", c_char_p)] + [(name, c_uint32) for name in (
        "role", "has_index", "index", "attempt_limit", "action", "must_change", "read_only", "one_time",
        "last_attempt_reserved", "kdf_memory_kib", "kdf_passes", "kdf_lanes")]


class _UnlockOptions(_Sized):
    _fields_ = [("size", c_size_t), ("progress", POINTER(_Progress)), ("log", c_void_p), ("workers", c_void_p),
                ("host", c_char_p), ("agent", c_char_p), ("memory_path", c_char_p), ("memory", c_void_p)] + [
        (name, c_uint32) for name in ("choice", "slot", "role", "accept_rollback", "accept_lost_log",
                                      "derivation_threads")]


class _VolumeFacts(_Sized):
    _fields_ = [("size", c_size_t), ("length", c_uint64), ("sector_size", c_uint32), ("slot", c_uint32),
                ("role", c_uint32), ("read_only", c_uint32)]


# The arguments of each function that is used, as in tenlock.h: H a handle, O where an output goes, E the error,
# T a text, D bytes, Z a size, Q and I numbers, S a struct.
_FUNCTIONS = {
    "storage_open": "TIEO", "storage_free": "H",
    "credential_new": "EO", "credential_add_passphrase": "HDZE", "credential_add_key_file": "HTE",
    "credential_add_recovery_key": "HDZE", "credential_free": "H",
    "create": "HHSEO", "open": "HEO", "unlock": "HHSEO", "erase": "HE",
    "locked_state": "HEO", "locked_info": "HEO", "locked_report": "HEO", "locked_free": "H",
    "volume_describe": "HES", "volume_read": "HQEDZ", "volume_write": "HQDZE", "volume_flush": "HE",
    "volume_info": "HEO", "volume_add_slot": "HSHSEO", "volume_lock": "HEO", "volume_free": "H",
    "info_json": "HEO", "info_free": "H", "report_json": "HEO", "report_free": "H",
    "recovery_key_generate": "EOO", "text_get": "HEOO", "text_free": "H",
}
_TYPES = {"H": c_void_p, "O": c_void_p, "E": POINTER(_Error), "T": c_char_p, "D": c_void_p, "Z": c_size_t,
          "Q": c_uint64, "I": c_uint32, "S": c_void_p}


def _load():
    path = os.environ.get("TENLOCK_LIBRARY") or ctypes.util.find_library("tenlock")
    if path is None:
        raise ImportError("the Tenlock library is not installed: set TENLOCK_LIBRARY to its path")
    library = ctypes.CDLL(path)
    for name, arguments in _FUNCTIONS.items():
        function = getattr(library, "tenlock_" + name)
        function.argtypes = [_TYPES[argument] for argument in arguments]
        function.restype = c_int32
    library.tenlock_version.restype = library.tenlock_code_name.restype = c_char_p
    library.tenlock_handle_count.restype = c_size_t
    library.tenlock_abi_version.restype = c_uint32
    if library.tenlock_abi_version() < _ABI_VERSION:
        raise ImportError(f"the Tenlock library in {path} is too old for this module")
    return library


_library = _load()


class Error(OSError):
    """What a call did not do, and why. `errno` is the error number of the operating system, or 0."""

    def __init__(self, detail):
        self.text = detail.text.decode()
        super().__init__(detail.os_error, self.text)
        self.code = detail.code
        self.name = _library.tenlock_code_name(detail.code).decode()
        self.offset = None if detail.offset == 2**64 - 1 else detail.offset
        self.remaining = None if detail.remaining < 0 else detail.remaining
        self.erases_volume = detail.erases_volume != 0

    def __str__(self):
        return self.text


class WrongCredential(Error):
    """The attempt is charged; `remaining` are left."""


class Erased(Error):
    """The key of the volume, or the slot, is destroyed."""


class Busy(Error):
    """Another program or handle has the volume open."""


class Cancelled(Error):
    """A callback cancelled; no attempt is charged."""


_CLASSES = {CODE_WRONG_CREDENTIAL: WrongCredential, CODE_ERASED: Erased, CODE_SLOT_ERASED: Erased,
            CODE_BUSY: Busy, CODE_CANCELLED: Cancelled}
_ERROR = object()


def _call(name, *arguments):
    """Calls a function; `_ERROR` stands where its error goes, which is raised."""
    detail = _Error()
    arguments = [byref(detail) if argument is _ERROR else argument for argument in arguments]
    if getattr(_library, "tenlock_" + name)(*arguments) != 0:
        raise _CLASSES.get(detail.code, Error)(detail)


def _made(name, *arguments):
    """The handle that a function gives as its last output."""
    handle = c_void_p()
    _call(name, *arguments, byref(handle))
    return handle


def _taken(text):
    """The text of a handle, which is freed."""
    data, length = c_void_p(), c_size_t()
    try:
        _call("text_get", text, _ERROR, byref(data), byref(length))
        return ctypes.string_at(data.value, length.value).decode()
    finally:
        _library.tenlock_text_free(text)


def _described(kind, handle):
    """What an info or a report says; its handle is freed."""
    try:
        return json.loads(_taken(_made(kind + "_json", handle, _ERROR)))
    finally:
        getattr(_library, f"tenlock_{kind}_free")(handle)


class _Watched:
    """A progress callback for one call: what it raises cancels the call and is raised by it."""

    def __init__(self, report):
        self._report, self._raised = report, None
        self.table = _Progress(report=_Report(self._call)) if report else None
        self.pointer = ctypes.pointer(self.table) if report else None

    def _call(self, _context, done, total):
        try:
            return 1 if self._report(done, total) is False else 0
        except BaseException as raised:  # pylint: disable=broad-except
            self._raised = raised
            return 1

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Cancelled) and self._raised is not None:
            raise self._raised


class Credential:
    """What opens a slot: passphrase, key file and recovery key, those that are given, together.

    Secrets are str or bytes. Python cannot wipe them; the library wipes its copy when this is closed.
    """

    def __init__(self, passphrase=None, key_file=None, recovery_key=None):
        self._handle = None
        self._handle = _made("credential_new", _ERROR)
        if passphrase is not None:
            self._add("credential_add_passphrase", passphrase)
        if recovery_key is not None:
            self._add("credential_add_recovery_key", recovery_key)
        if key_file is not None:
            _call("credential_add_key_file", self._handle, _path(key_file), _ERROR)

    def _add(self, name, secret):
        secret = secret.encode() if isinstance(secret, str) else bytes(secret)
        _call(name, self._handle, secret, len(secret), _ERROR)

    def close(self):
        """Wipes it. Closing twice does no harm."""
        handle, self._handle = self._handle, None
        _library.tenlock_credential_free(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()


class Locked:
    """A volume at rest, or one whose key is erased. Holds the lock of its file until it is closed."""

    def __init__(self, handle):
        self._handle = handle

    @property
    def state(self):
        """One of STATE_*."""
        state = c_uint32()
        _call("locked_state", self._handle, _ERROR, byref(state))
        return state.value

    def info(self):
        """What can be known without a key, as `tenlock info --json` has it: a stranger's words."""
        return _described("info", _made("locked_info", self._handle, _ERROR))

    def report(self):
        """What was erased, when, why, and what was verified."""
        return _described("report", _made("locked_report", self._handle, _ERROR))

    def erase(self):
        """Destroys the key for good."""
        _call("erase", self._handle, _ERROR)

    def unlock(self, credential, role=None, progress=None):
        """Opens the volume, and closes this. After an exception this is as it was, for the next attempt.

        `credential` is a Credential or a passphrase. `role` says whose slot is meant, where that is not
        obvious. `progress(done, total)` cancels by False or an exception.
        """
        if not isinstance(credential, Credential):
            with Credential(credential) as made:
                return self.unlock(made, role, progress)
        with _Watched(progress) as watched:
            options = _UnlockOptions(progress=watched.pointer, role=role or 0,
                                     choice=_CHOOSE_OBVIOUS if role is None else _CHOOSE_ROLE)
            volume = _made("unlock", self._handle, credential._handle, byref(options), _ERROR)
        self._handle = None
        return Volume(volume)

    def close(self):
        """Gives the lock back. Closing twice does no harm."""
        handle, self._handle = self._handle, None
        _library.tenlock_locked_free(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()


class Volume(io.RawIOBase):
    """An open volume: a file of fixed length. `io.BufferedRandom(volume)` gathers small accesses.

    Closing flushes and wipes the keys. `read_at` and `write_at` are for many threads at once; whoever moves
    the position of the file has to be alone.
    """

    def __init__(self, handle):
        super().__init__()
        self._handle, self._position = handle, 0
        self._facts = _VolumeFacts()
        _call("volume_describe", handle, _ERROR, byref(self._facts))

    def __len__(self):
        return self._facts.length

    @property
    def role(self):
        """Role of the slot that was opened, one of ROLE_*."""
        return self._facts.role

    def read_at(self, offset, size):
        """`size` bytes at `offset`, all of them."""
        buffer = bytearray(size)
        self._read(offset, buffer)
        return bytes(buffer)

    def write_at(self, offset, data):
        """Writes all of `data` at `offset`, or raises."""
        self._check()
        data = data if isinstance(data, bytes) else bytes(data)
        _call("volume_write", self._handle, offset, data, len(data), _ERROR)

    def readinto(self, buffer):
        """Fills `buffer` as far as the volume goes."""
        self._check()
        view = memoryview(buffer).cast("B")
        size = min(len(view), max(0, len(self) - self._position))
        if size > 0:
            self._read(self._position, view[:size])
        self._position += size
        return size

    def write(self, data):
        """Writes all of `data`; beyond the end it raises and writes nothing."""
        data = data if isinstance(data, bytes) else bytes(data)
        self.write_at(self._position, data)
        self._position += len(data)
        return len(data)

    def seek(self, offset, whence=io.SEEK_SET):
        """As of any file."""
        self._check()
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self)}[whence]
        if start + offset < 0:
            raise ValueError("a position is not negative")
        self._position = start + offset
        return self._position

    def flush(self):
        """Returns when everything written before is on the medium."""
        if self._handle is not None and self.writable():
            _call("volume_flush", self._handle, _ERROR)

    def readable(self):
        return True

    def seekable(self):
        return True

    def writable(self):
        return not self._facts.read_only

    def info(self):
        """As of Locked, but authenticated."""
        self._check()
        return _described("info", _made("volume_info", self._handle, _ERROR))

    def add_slot(self, role, credential, name=""):
        """Lets somebody else in; returns the number of the slot. For admins."""
        self._check()
        options, slot = _SlotOptions(role=role, name=name.encode()), c_uint32()
        _call("volume_add_slot", self._handle, byref(options), credential._handle, None, _ERROR, byref(slot))
        return slot.value

    def lock(self):
        """Closes this and gives the locked volume. If it raises the flush failed, and this is closed."""
        self._check()
        return Locked(self._lock())

    def close(self):
        """Flushes and wipes the keys. If it raises the flush failed, and this is closed all the same."""
        if self._handle is not None:
            _library.tenlock_locked_free(self._lock())

    def _lock(self):
        handle, self._handle = self._handle, None
        try:
            return _made("volume_lock", handle, _ERROR)
        finally:
            super().close()

    def _read(self, offset, buffer):
        self._check()
        target = (c_char * len(buffer)).from_buffer(buffer)
        _call("volume_read", self._handle, offset, _ERROR, target, len(buffer))

    def _check(self):
        if self._handle is None:
            raise ValueError("the volume is locked")


def create(path, credential, payload_length, *, owner="", attempt_limit=10, cost=None, progress=None):
    """Makes a file with a volume, opened as its admin. `cost` is KiB, passes and lanes of the derivation."""
    if not isinstance(credential, Credential):
        with Credential(credential) as made:
            return create(path, made, payload_length, owner=owner, attempt_limit=attempt_limit, cost=cost,
                          progress=progress)
    memory, passes, lanes = cost or (0, 0, 0)
    label = _Label(owner=owner.encode())
    storage = _made("storage_open", _path(path), _STORAGE_CREATE, _ERROR)
    try:
        with _Watched(progress) as watched:
            options = _CreateOptions(label=ctypes.pointer(label), progress=watched.pointer,
                                     payload_length=payload_length, attempt_limit=attempt_limit,
                                     kdf_memory_kib=memory, kdf_passes=passes, kdf_lanes=lanes)
            return Volume(_made("create", storage, credential._handle, byref(options), _ERROR))
    finally:
        _library.tenlock_storage_free(storage)


def open(path):  # pylint: disable=redefined-builtin
    """Opens a file or device with a volume, locked."""
    storage = _made("storage_open", _path(path), _STORAGE_OPEN, _ERROR)
    try:
        return Locked(_made("open", storage, _ERROR))
    finally:
        _library.tenlock_storage_free(storage)


def unlock(path, credential, role=None, progress=None):
    """`open` and `Locked.unlock`."""
    with open(path) as locked:
        return locked.unlock(credential, role, progress)


def generate_recovery_key():
    """A new recovery key in words, for a slot of ROLE_RECOVERY."""
    text, words = c_void_p(), c_void_p()
    _call("recovery_key_generate", _ERROR, byref(text), byref(words))
    _library.tenlock_text_free(text)
    return _taken(words)


def version():
    """The version of the library."""
    return _library.tenlock_version().decode()


def handle_count():
    """How many handles are open, for tests that look for forgotten ones."""
    return _library.tenlock_handle_count()


def _path(path):
    return os.fsencode(path) if os.name != "nt" else os.fspath(path).encode()
