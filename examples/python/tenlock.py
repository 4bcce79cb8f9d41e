"""Tenlock for Python: encrypted volumes as files.

    with tenlock.unlock("stick.tenlock", passphrase) as volume:
        volume.seek(4000)
        volume.write(b"minutes of the meeting")

Two files without dependencies over the C interface, by ctypes: to be copied and extended. They load the library
that the environment variable TENLOCK_LIBRARY names, or the installed one. Long calls let other threads run.
"""

import ctypes
import io
import os
from ctypes import byref, c_char, c_uint32, c_void_p

import tenlock_abi as abi
# Part of this module, for those who catch them.
from tenlock_abi import Busy, Cancelled, Erased, Error, WrongCredential

ROLE_ADMIN, ROLE_USER, ROLE_RECOVERY, ROLE_ESCROW = 1, 2, 3, 4
STATE_LOCKED, STATE_ERASING, STATE_ERASED = 1, 2, 3
_STORAGE_OPEN, _STORAGE_CREATE = 0, 2
_CHOOSE_OBVIOUS, _CHOOSE_ROLE = 0, 2


class _Watched:
    """A progress callback for one call: what it raises cancels the call and is raised by it."""

    def __init__(self, report):
        self._report, self._raised = report, None
        self.table = abi.Progress(report=abi.Report(self._told)) if report else None
        self.pointer = ctypes.pointer(self.table) if report else None

    def _told(self, _context, done, total):
        try:
            return 1 if self._report(done, total) is False else 0
        except BaseException as raised:
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
        self._handle = abi.made("credential_new", abi.ERROR)
        if passphrase is not None:
            self._add("credential_add_passphrase", passphrase)
        if recovery_key is not None:
            self._add("credential_add_recovery_key", recovery_key)
        if key_file is not None:
            abi.call("credential_add_key_file", self._handle, _path(key_file), abi.ERROR)

    def _add(self, name, secret):
        secret = secret.encode() if isinstance(secret, str) else bytes(secret)
        abi.call(name, self._handle, secret, len(secret), abi.ERROR)

    def close(self):
        """Wipes it. Closing twice does no harm."""
        handle, self._handle = self._handle, None
        abi.library.tenlock_credential_free(handle)

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
        abi.call("locked_state", self._handle, abi.ERROR, byref(state))
        return state.value

    def info(self):
        """What can be known without a key, as `tenlock info --json` has it: a stranger's words."""
        return abi.described("info", abi.made("locked_info", self._handle, abi.ERROR))

    def report(self):
        """What was erased, when, why, and what was verified."""
        return abi.described("report", abi.made("locked_report", self._handle, abi.ERROR))

    def erase(self):
        """Destroys the key for good."""
        abi.call("erase", self._handle, abi.ERROR)

    def unlock(self, credential, role=None, progress=None):
        """Opens the volume, and closes this. After an exception this is as it was, for the next attempt.

        `credential` is a Credential or a passphrase. `role` says whose slot is meant, where that is not
        obvious. `progress(done, total)` cancels by False or an exception.
        """
        if not isinstance(credential, Credential):
            with Credential(credential) as made:
                return self.unlock(made, role, progress)
        with _Watched(progress) as watched:
            options = abi.UnlockOptions(progress=watched.pointer, role=role or 0,
                                     choice=_CHOOSE_OBVIOUS if role is None else _CHOOSE_ROLE)
            volume = abi.made("unlock", self._handle, credential._handle, byref(options), abi.ERROR)
        self._handle = None
        return Volume(volume)

    def close(self):
        """Gives the lock back. Closing twice does no harm."""
        handle, self._handle = self._handle, None
        abi.library.tenlock_locked_free(handle)

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
        self._facts = abi.VolumeFacts()
        abi.call("volume_describe", handle, abi.ERROR, byref(self._facts))

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
        abi.call("volume_write", self._handle, offset, data, len(data), abi.ERROR)

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
            abi.call("volume_flush", self._handle, abi.ERROR)

    def readable(self):
        return True

    def seekable(self):
        return True

    def writable(self):
        return not self._facts.read_only

    def info(self):
        """As of Locked, but authenticated."""
        self._check()
        return abi.described("info", abi.made("volume_info", self._handle, abi.ERROR))

    def add_slot(self, role, credential, name=""):
        """Lets somebody else in; returns the number of the slot. For admins."""
        self._check()
        options, slot = abi.SlotOptions(role=role, name=name.encode()), c_uint32()
        abi.call("volume_add_slot", self._handle, byref(options), credential._handle, None, abi.ERROR, byref(slot))
        return slot.value

    def lock(self):
        """Closes this and gives the locked volume. If it raises the flush failed, and this is closed."""
        self._check()
        return Locked(self._lock())

    def close(self):
        """Flushes and wipes the keys. If it raises the flush failed, and this is closed all the same."""
        if self._handle is not None:
            abi.library.tenlock_locked_free(self._lock())

    def _lock(self):
        handle, self._handle = self._handle, None
        try:
            return abi.made("volume_lock", handle, abi.ERROR)
        finally:
            super().close()

    def _read(self, offset, buffer):
        self._check()
        target = (c_char * len(buffer)).from_buffer(buffer)
        abi.call("volume_read", self._handle, offset, abi.ERROR, target, len(buffer))

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
    label = abi.Label(owner=owner.encode())
    storage = abi.made("storage_open", _path(path), _STORAGE_CREATE, abi.ERROR)
    try:
        with _Watched(progress) as watched:
            options = abi.CreateOptions(label=ctypes.pointer(label), progress=watched.pointer,
                                     payload_length=payload_length, attempt_limit=attempt_limit,
                                     kdf_memory_kib=memory, kdf_passes=passes, kdf_lanes=lanes)
            return Volume(abi.made("create", storage, credential._handle, byref(options), abi.ERROR))
    finally:
        abi.library.tenlock_storage_free(storage)


def open(path):
    """Opens a file or device with a volume, locked."""
    storage = abi.made("storage_open", _path(path), _STORAGE_OPEN, abi.ERROR)
    try:
        return Locked(abi.made("open", storage, abi.ERROR))
    finally:
        abi.library.tenlock_storage_free(storage)


def unlock(path, credential, role=None, progress=None):
    """`open` and `Locked.unlock`."""
    with open(path) as locked:
        return locked.unlock(credential, role, progress)


def generate_recovery_key():
    """A new recovery key in words, for a slot of ROLE_RECOVERY."""
    text, words = c_void_p(), c_void_p()
    abi.call("recovery_key_generate", abi.ERROR, byref(text), byref(words))
    abi.library.tenlock_text_free(text)
    return abi.taken(words)


def version():
    """The version of the library."""
    return abi.library.tenlock_version().decode()


def handle_count():
    """How many handles are open, for tests that look for forgotten ones."""
    return abi.library.tenlock_handle_count()


def _path(path):
    return os.fsencode(path) if os.name != "nt" else os.fspath(path).encode()
