"""What `tenlock.py` uses of the C interface: structs and functions as in tenlock.h, and errors as exceptions."""

import ctypes
import ctypes.util
import json
import os
from ctypes import (POINTER, Structure, byref, c_char, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p,
                    sizeof)

# Of the tenlock.h that this file follows.
_ABI_VERSION = 1

CODE_WRONG_CREDENTIAL, CODE_ERASED, CODE_BUSY, CODE_CANCELLED, CODE_SLOT_ERASED = 3, 4, 7, 10, 121


class Sized(Structure):
    """A struct that begins with its size; what is not given is zero, the default."""

    def __init__(self, **members):
        super().__init__(sizeof(type(self)), **members)


class ErrorDetail(Sized):
    _fields_ = [("size", c_size_t), ("code", c_int32), ("os_error", c_int32), ("offset", c_uint64),
                ("slots", c_uint32), ("remaining", c_int32), ("erases_volume", c_uint32), ("reserved", c_uint32),
                ("text", c_char * 512)]


Report = ctypes.CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint32)


class Progress(Sized):
    _fields_ = [("size", c_size_t), ("context", c_void_p), ("report", Report)]


class Label(Sized):
    _fields_ = [("size", c_size_t), ("label", c_char_p), ("owner", c_char_p), ("contact", c_char_p),
                ("reward", c_char_p), ("asset_tag", c_char_p), ("customer", c_char_p), ("hint", c_char_p)]


class CreateOptions(Sized):
    _fields_ = [("size", c_size_t), ("label", POINTER(Label)), ("policy", c_void_p),
                ("progress", POINTER(Progress)), ("log", c_void_p), ("workers", c_void_p), ("host", c_char_p),
                ("agent", c_char_p), ("payload_length", c_uint64), ("sector_size", c_uint32),
                ("kdf_memory_kib", c_uint32), ("kdf_passes", c_uint32), ("kdf_lanes", c_uint32),
                ("attempt_limit", c_uint32), ("overwrite", c_uint32)]


class SlotOptions(Sized):
    _fields_ = [("size", c_size_t), ("name", c_char_p)] + [(name, c_uint32) for name in (
        "role", "has_index", "index", "attempt_limit", "action", "must_change", "read_only", "one_time",
        "last_attempt_reserved", "kdf_memory_kib", "kdf_passes", "kdf_lanes")]


class UnlockOptions(Sized):
    _fields_ = [("size", c_size_t), ("progress", POINTER(Progress)), ("log", c_void_p), ("workers", c_void_p),
                ("host", c_char_p), ("agent", c_char_p), ("memory_path", c_char_p), ("memory", c_void_p)] + [
        (name, c_uint32) for name in ("choice", "slot", "role", "accept_rollback", "accept_lost_log",
                                      "derivation_threads")]


class VolumeFacts(Sized):
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
_TYPES = {"H": c_void_p, "O": c_void_p, "E": POINTER(ErrorDetail), "T": c_char_p, "D": c_void_p, "Z": c_size_t,
          "Q": c_uint64, "I": c_uint32, "S": c_void_p}


def _load():
    path = os.environ.get("TENLOCK_LIBRARY") or ctypes.util.find_library("tenlock")
    if path is None:
        raise ImportError("the Tenlock library is not installed: set TENLOCK_LIBRARY to its path")
    loaded = ctypes.CDLL(path)
    for name, arguments in _FUNCTIONS.items():
        function = getattr(loaded, "tenlock_" + name)
        function.argtypes = [_TYPES[argument] for argument in arguments]
        function.restype = c_int32
    loaded.tenlock_version.restype = loaded.tenlock_code_name.restype = c_char_p
    loaded.tenlock_handle_count.restype = c_size_t
    loaded.tenlock_abi_version.restype = c_uint32
    if loaded.tenlock_abi_version() < _ABI_VERSION:
        raise ImportError(f"the Tenlock library in {path} is too old for this module")
    return loaded


library = _load()


class Error(OSError):
    """What a call did not do, and why. `errno` is the error number of the operating system, or 0."""

    def __init__(self, detail):
        self.text = detail.text.decode()
        super().__init__(detail.os_error, self.text)
        self.code = detail.code
        self.name = library.tenlock_code_name(detail.code).decode()
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
ERROR = object()


def call(name, *arguments):
    """Calls a function; `ERROR` stands where its error goes, which is raised."""
    detail = ErrorDetail()
    arguments = [byref(detail) if argument is ERROR else argument for argument in arguments]
    if getattr(library, "tenlock_" + name)(*arguments) != 0:
        raise _CLASSES.get(detail.code, Error)(detail)


def made(name, *arguments):
    """The handle that a function gives as its last output."""
    handle = c_void_p()
    call(name, *arguments, byref(handle))
    return handle


def taken(text):
    """The text of a handle, which is freed."""
    data, length = c_void_p(), c_size_t()
    try:
        call("text_get", text, ERROR, byref(data), byref(length))
        return ctypes.string_at(data.value, length.value).decode()
    finally:
        library.tenlock_text_free(text)


def described(kind, handle):
    """What an info or a report says; its handle is freed."""
    try:
        return json.loads(taken(made(kind + "_json", handle, ERROR)))
    finally:
        getattr(library, f"tenlock_{kind}_free")(handle)
