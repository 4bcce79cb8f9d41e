/*
 * Tenlock 0.1.0: encrypted volumes for portable media.
 *
 * Made by cbindgen from src/ffi; do not edit. docs/c-api.md has more.
 *
 * CONVENTIONS
 *
 * 1. Results. A function returns a `tenlock_code`: 0 (`TENLOCK_OK`) or what went wrong. Codes never change
 *    their meaning; a later library may return codes that this header does not have, and
 *    `tenlock_code_class` turns each into one of 0 to 10, which are also the exit codes of the command-line
 *    tool. Only functions that cannot fail return something else.
 * 2. Detail. Functions take a `tenlock_error *error`, which may be NULL: after a failure it has the code,
 *    the error number of the operating system, a place, slots, attempts left, and a text. After a success it
 *    is empty. There is no error state anywhere else. Texts and logs never hold a secret.
 * 3. Arguments. The handle first, then inputs, `error`, and outputs last. Outputs are written on success
 *    only; an output handle is set to NULL on entry. NULL where it is not allowed is
 *    `TENLOCK_ERROR_NULL_POINTER`.
 * 4. Structs begin with their size: declare them with `= TENLOCK_INIT(type)`. Zero is the default of all
 *    other members. Later versions add members at the end: a program that was built with a smaller struct goes
 *    on working, and one with a larger struct works with an older library as long as it leaves new members
 *    zero (otherwise `TENLOCK_ERROR_STRUCT_SIZE`). `tenlock_buffer`, `tenlock_cost` and `tenlock_remembered`
 *    have no size and never change.
 * 5. Handles look like pointers and are numbers. Each is freed by its own `free function`, which accepts
 *    NULL. A handle that was freed or closed, or is of another kind, is `TENLOCK_ERROR_HANDLE`, so that to
 *    free once too often does no harm. No memory checker sees a handle that was forgotten:
 *    `tenlock_handle_count` does.
 * 6. Threads. Any handle can be used from any thread. Calls on one handle can overlap where the handle's
 *    comment says so; where they cannot, the later one returns `TENLOCK_ERROR_HANDLE_IN_USE` and nothing
 *    waits. Free or lock a volume when no other call uses it.
 * 7. Memory. What is passed in is copied or used up before the call returns, and the caller keeps it.
 *    Secrets are pointer and length, are copied to locked memory only, and are wiped with their handle; wipe
 *    your own copy. What the library hands out is a handle or is written to memory of the caller's. Texts go
 *    in as UTF-8 with a zero byte at the end, and come out as `tenlock_text`. Paths are UTF-8 on Windows and
 *    bytes elsewhere.
 * 8. Callbacks come in structs with their size first and a context pointer, which is passed to each of
 *    them. They may be called from any thread that calls the library; those of a storage from its workers as
 *    well. They may call the library, but a handle that is in use stays in use. They must not throw,
 *    `longjmp` or otherwise leave but by return. Context and functions stay valid as long as the struct's
 *    comment says.
 * 9. Panics. A defect in the library does not end the program: the call returns `TENLOCK_ERROR_PANIC`. The
 *    handle may then be good for nothing but freeing. An attempt that was being made stays charged.
 * 10. fork. A child process must not use handles of its parent.
 */

#ifndef TENLOCK_H
#define TENLOCK_H

#include <stddef.h>
#include <stdint.h>

/**
 * Initialiser of a struct that begins with its size: `tenlock_error error = TENLOCK_INIT(tenlock_error);`
 */
#ifdef __cplusplus
#define TENLOCK_INIT(type) ([]() { type value = type(); value.size = sizeof(type); return value; }())
#else
#define TENLOCK_INIT(type) { .size = sizeof(type) }
#endif

/**
 * Version of the header and of the library that belongs to it.
 */
#define TENLOCK_VERSION_MAJOR 0

/**
 * See TENLOCK_VERSION_MAJOR.
 */
#define TENLOCK_VERSION_MINOR 1

/**
 * See TENLOCK_VERSION_MAJOR.
 */
#define TENLOCK_VERSION_PATCH 0

/**
 * Version of the interface. It goes up when something is added; a program runs with any library whose number is
 * not lower than that of the header it was built with.
 */
#define TENLOCK_ABI_VERSION 1

/**
 * Bytes of the text in `tenlock_error`, the zero byte at its end included.
 */
#define TENLOCK_ERROR_TEXT_SIZE 512

/**
 * Open for reading and writing what is there.
 */
#define TENLOCK_STORAGE_OPEN 0

/**
 * Open for reading: nothing is written, and no attempt can be made.
 */
#define TENLOCK_STORAGE_READ_ONLY 1

/**
 * Make an empty file, which must not be there yet.
 */
#define TENLOCK_STORAGE_CREATE 2

/**
 * Room for the secret of an external factor, in bytes.
 */
#define TENLOCK_EXTERNAL_SECRET_SIZE 1024

/**
 * Try the credential where it is clear which slot is meant, otherwise TENLOCK_ERROR_AMBIGUOUS_SLOT.
 */
#define TENLOCK_CHOOSE_OBVIOUS 0

/**
 * Try it on the slot in `slot`.
 */
#define TENLOCK_CHOOSE_SLOT 1

/**
 * Try it on all slots of the role in `role` that fit.
 */
#define TENLOCK_CHOOSE_ROLE 2

/**
 * Try it on all slots that fit. A wrong one is charged to each.
 */
#define TENLOCK_CHOOSE_ANY 3

/**
 * May use the data and change policy, label and slots.
 */
#define TENLOCK_ROLE_ADMIN 1

/**
 * May use the data and change its own credential.
 */
#define TENLOCK_ROLE_USER 2

/**
 * Gets back in when a passphrase is lost.
 */
#define TENLOCK_ROLE_RECOVERY 3

/**
 * Gets back in with a private key kept elsewhere.
 */
#define TENLOCK_ROLE_ESCROW 4

/**
 * One thread for each processor that this process may use, but for the caller's.
 */
#define TENLOCK_WORKERS_FOR_THIS_MACHINE UINT32_MAX

/**
 * At rest; can be unlocked.
 */
#define TENLOCK_STATE_LOCKED 1

/**
 * The erase of the key has begun and is not finished.
 */
#define TENLOCK_STATE_ERASING 2

/**
 * The key is destroyed.
 */
#define TENLOCK_STATE_ERASED 3

/**
 * Any slot that fits: for the functions that say so.
 */
#define TENLOCK_NO_SLOT UINT32_MAX

/**
 * At the limit of attempts the slot is erased; others still open.
 */
#define TENLOCK_ACTION_ERASE_SLOT 1

/**
 * At the limit of attempts the key of the volume is destroyed.
 */
#define TENLOCK_ACTION_ERASE_VOLUME 2

/**
 * The header copy is whole.
 */
#define TENLOCK_COPY_WHOLE 0

/**
 * The header copy has damaged or outdated blocks, which the next unlock repairs.
 */
#define TENLOCK_COPY_DAMAGED 1

/**
 * The header copy has been overwritten by something else.
 */
#define TENLOCK_COPY_OVERWRITTEN 2

/**
 * The slot can be opened.
 */
#define TENLOCK_SLOT_IN_FORCE 0

/**
 * The slot was erased because its attempts were used up.
 */
#define TENLOCK_SLOT_ERASED 1

/**
 * The slot was spent by its first use.
 */
#define TENLOCK_SLOT_SPENT 2

/**
 * Something known.
 */
#define TENLOCK_FACTOR_PASSPHRASE 1

/**
 * The content of a file.
 */
#define TENLOCK_FACTOR_KEY_FILE 2

/**
 * A printed random key.
 */
#define TENLOCK_FACTOR_RECOVERY_KEY 4

/**
 * A private key.
 */
#define TENLOCK_FACTOR_PRIVATE_KEY 8

/**
 * A provider outside this library.
 */
#define TENLOCK_FACTOR_EXTERNAL 16

/**
 * A kind of a later version.
 */
#define TENLOCK_FACTOR_UNKNOWN 32

/**
 * Name of the volume.
 */
#define TENLOCK_LABEL_LABEL 0

/**
 * Who owns it.
 */
#define TENLOCK_LABEL_OWNER 1

/**
 * How to reach the owner.
 */
#define TENLOCK_LABEL_CONTACT 2

/**
 * What the finder gets.
 */
#define TENLOCK_LABEL_REWARD 3

/**
 * Number in the owner's books.
 */
#define TENLOCK_LABEL_ASSET_TAG 4

/**
 * Whose data it carries.
 */
#define TENLOCK_LABEL_CUSTOMER 5

/**
 * Hint for the passphrase.
 */
#define TENLOCK_LABEL_HINT 6

/**
 * The last allowed attempt on a slot failed, or never reached its verdict.
 */
#define TENLOCK_CAUSE_ATTEMPTS_EXHAUSTED 1

/**
 * Somebody asked for it.
 */
#define TENLOCK_CAUSE_REQUESTED 2

/**
 * The seal, without which no slot opens.
 */
#define TENLOCK_REGION_SEAL 1

/**
 * The slots.
 */
#define TENLOCK_REGION_SLOTS 2

/**
 * The new bytes were read back from the medium.
 */
#define TENLOCK_REGION_VERIFIED_ON_MEDIUM 1

/**
 * The new bytes were read back, but perhaps from a cache.
 */
#define TENLOCK_REGION_VERIFIED_IN_CACHE 2

/**
 * Other bytes than the new ones were read back.
 */
#define TENLOCK_REGION_MISMATCH 3

/**
 * Written, but could not be read back.
 */
#define TENLOCK_REGION_UNREADABLE 4

/**
 * Could not be written.
 */
#define TENLOCK_REGION_NOT_WRITTEN 5

/**
 * What came of a call. 0 to 10 are also the exit codes of the command-line tool; each other code belongs
 * to one of these, its class (`tenlock_code_class`), so that a program which knows the first eleven
 * understands later ones.
 */
enum tenlock_code
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    TENLOCK_OK = 0,
    /**
     * A class only: failed for a reason that has no class of its own.
     */
    TENLOCK_ERROR_OTHER = 1,
    /**
     * A class only: the request does not make sense.
     */
    TENLOCK_ERROR_USAGE = 2,
    /**
     * The credential opens no slot, the attempt is charged, and attempts remain.
     */
    TENLOCK_ERROR_WRONG_CREDENTIAL = 3,
    /**
     * The key is destroyed, or is being destroyed because the attempts are used up.
     */
    TENLOCK_ERROR_ERASED = 4,
    /**
     * Nothing of a volume is there.
     */
    TENLOCK_ERROR_NOT_A_VOLUME = 5,
    /**
     * A volume is there and damaged; no attempt was charged.
     */
    TENLOCK_ERROR_DAMAGED = 6,
    /**
     * Another program or handle has the volume open; no attempt was charged.
     */
    TENLOCK_ERROR_BUSY = 7,
    /**
     * The storage cannot be written, so attempts cannot be counted and none is made.
     */
    TENLOCK_ERROR_CANNOT_WRITE = 8,
    /**
     * The storage failed.
     */
    TENLOCK_ERROR_IO = 9,
    /**
     * A callback cancelled; what was charged is taken back.
     */
    TENLOCK_ERROR_CANCELLED = 10,
    /**
     * A pointer is NULL that must not be.
     */
    TENLOCK_ERROR_NULL_POINTER = 100,
    /**
     * The size at the start of a struct is none that this struct ever had, or it is larger than this
     * library knows and what is behind is not zero.
     */
    TENLOCK_ERROR_STRUCT_SIZE = 101,
    /**
     * The handle is not one of this kind, or it was freed or closed before.
     */
    TENLOCK_ERROR_HANDLE = 102,
    /**
     * Another call is using the handle, perhaps one that is waiting for the callback that made this one.
     */
    TENLOCK_ERROR_HANDLE_IN_USE = 103,
    /**
     * A defect in this library or in a callback; the handle that was used may be good for nothing but
     * freeing.
     */
    TENLOCK_ERROR_PANIC = 104,
    /**
     * The buffer is too small, or its length is impossible.
     */
    TENLOCK_ERROR_BUFFER_SIZE = 105,
    /**
     * A text is not UTF-8.
     */
    TENLOCK_ERROR_NOT_UTF8 = 106,
    /**
     * A number is none of those that this argument can be.
     */
    TENLOCK_ERROR_ARGUMENT = 107,
    /**
     * This build lacks the feature, or the storage the operation.
     */
    TENLOCK_ERROR_UNSUPPORTED = 108,
    /**
     * No more handles can be made.
     */
    TENLOCK_ERROR_TOO_MANY_HANDLES = 109,
    /**
     * The volume is of a later format.
     */
    TENLOCK_ERROR_NEWER_FORMAT = 120,
    /**
     * The credential opens no slot, and this was the last attempt on its slot, which is erased; others
     * still open the volume.
     */
    TENLOCK_ERROR_SLOT_ERASED = 121,
    /**
     * More than one slot could be meant; no attempt was charged.
     */
    TENLOCK_ERROR_AMBIGUOUS_SLOT = 122,
    /**
     * Only the last attempt is left, and it is reserved until an admin allows it.
     */
    TENLOCK_ERROR_ATTEMPT_RESERVED = 123,
    /**
     * The credential is right and must be changed: `tenlock_unlock_and_change`.
     */
    TENLOCK_ERROR_MUST_CHANGE = 124,
    /**
     * The recovery key is right, opens only once and was not spent: `tenlock_recover`.
     */
    TENLOCK_ERROR_ONE_TIME = 125,
    /**
     * The role of the opened slot does not permit this.
     */
    TENLOCK_ERROR_NOT_PERMITTED = 126,
    /**
     * The slot that was opened may only read.
     */
    TENLOCK_ERROR_READ_ONLY = 127,
    /**
     * No such slot is in use.
     */
    TENLOCK_ERROR_NO_SUCH_SLOT = 128,
    /**
     * The slot is taken.
     */
    TENLOCK_ERROR_SLOT_IN_USE = 129,
    /**
     * All slots are taken.
     */
    TENLOCK_ERROR_SLOTS_FULL = 130,
    /**
     * The slot to be removed is the one that was opened.
     */
    TENLOCK_ERROR_OWN_SLOT = 131,
    /**
     * The policy demands a slot of this role, or there would be no admin.
     */
    TENLOCK_ERROR_REQUIRED_ROLE = 132,
    /**
     * Nobody could open the volume afterwards.
     */
    TENLOCK_ERROR_LAST_WAY_IN = 133,
    /**
     * What a new slot is to be like makes no sense.
     */
    TENLOCK_ERROR_SLOT_OPTIONS = 134,
    /**
     * A rule of the policy is out of its range.
     */
    TENLOCK_ERROR_POLICY_RULES = 135,
    /**
     * The key derivation costs less than the policy demands.
     */
    TENLOCK_ERROR_COST_TOO_LOW = 136,
    /**
     * The new passphrase breaks a rule of the policy.
     */
    TENLOCK_ERROR_RULE = 137,
    /**
     * The parts of the credential do not make one.
     */
    TENLOCK_ERROR_CREDENTIAL = 138,
    /**
     * The external factor gave no secret; no attempt was made.
     */
    TENLOCK_ERROR_EXTERNAL = 139,
    /**
     * The header is older than this host remembers; no attempt was charged.
     */
    TENLOCK_ERROR_ROLLBACK = 140,
    /**
     * What this host remembers of volumes could not be read; no attempt was charged.
     */
    TENLOCK_ERROR_HOST_MEMORY = 141,
    /**
     * No slot opens with a credential of this kind; no attempt was charged.
     */
    TENLOCK_ERROR_NO_MATCHING_SLOT = 142,
    /**
     * A range is not inside the payload.
     */
    TENLOCK_ERROR_OUT_OF_RANGE = 143,
    /**
     * There seems to be data where a volume was to be made.
     */
    TENLOCK_ERROR_LOOKS_LIKE_DATA = 144,
    /**
     * A volume of this size cannot be made here.
     */
    TENLOCK_ERROR_SIZE = 145,
    /**
     * The limit of attempts is not 1 to 10.
     */
    TENLOCK_ERROR_ATTEMPT_LIMIT = 146,
    /**
     * One header copy is missing or cannot be repaired, so nothing is changed.
     */
    TENLOCK_ERROR_HEADER_COPY_MISSING = 147,
    /**
     * The change would give a header that no reader accepts.
     */
    TENLOCK_ERROR_UNREADABLE = 148,
    /**
     * The passphrase is not acceptable as such.
     */
    TENLOCK_ERROR_PASSPHRASE = 149,
    /**
     * The cost of the key derivation is out of range.
     */
    TENLOCK_ERROR_COST = 150,
    /**
     * A text of the label is not acceptable.
     */
    TENLOCK_ERROR_LABEL = 151,
    /**
     * The machine gave no memory or no random bytes.
     */
    TENLOCK_ERROR_CRYPTO = 152,
    /**
     * The external factor did not answer in time; no attempt was made.
     */
    TENLOCK_ERROR_EXTERNAL_TIMED_OUT = 153,
    /**
     * The text is not a recovery key; no attempt was charged.
     */
    TENLOCK_ERROR_RECOVERY_KEY = 154,
    /**
     * The text is not the key that was asked for; no attempt was charged.
     */
    TENLOCK_ERROR_KEY_TEXT = 155,
    /**
     * The file cannot be a key file; no attempt was charged.
     */
    TENLOCK_ERROR_KEY_FILE = 156,
    /**
     * The file is not a header backup.
     */
    TENLOCK_ERROR_NOT_A_BACKUP = 170,
    /**
     * The header backup is of a later format.
     */
    TENLOCK_ERROR_BACKUP_NEWER_FORMAT = 171,
    /**
     * The header backup is damaged.
     */
    TENLOCK_ERROR_BACKUP_DAMAGED = 172,
    /**
     * The header backup is sealed to another key.
     */
    TENLOCK_ERROR_BACKUP_WRONG_KEY = 173,
    /**
     * The header backup was changed, or made by somebody who is no admin of the volume.
     */
    TENLOCK_ERROR_BACKUP_NOT_GENUINE = 174,
    /**
     * The storage holds another volume than the backup is of; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_OTHER_VOLUME = 180,
    /**
     * The key of the volume was erased, or is due to be; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_ERASED = 181,
    /**
     * The header on the storage is newer than the backup; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_OLDER = 182,
    /**
     * The storage has not the length of the volume; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_LENGTH = 183,
    /**
     * The storage holds a header of a later format; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_NEWER_FORMAT = 184,
    /**
     * The header on the storage is another one of the same generation; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_DIVERGED = 185,
    /**
     * The storage and the backup cannot both be right; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_CONTRADICTION = 186,
    /**
     * Every slot of the backup was erased since; nothing was written.
     */
    TENLOCK_ERROR_RESTORE_NO_WAY_IN = 187,
    /**
     * A slot has failed as often as the backup allows at most.
     */
    TENLOCK_ERROR_RESTORE_LIMIT_REACHED = 188,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tenlock_code tenlock_code;
#else
typedef int32_t tenlock_code;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A header backup, from its file. Can be used by many threads at once.
 */
typedef struct tenlock_backup tenlock_backup;

/**
 * What opens a slot, or is to open a new one: one to four parts that are presented together. Empty at
 * first; each `tenlock_credential_add_*` adds a part and copies what it is given. It can be used any number
 * of times, by several threads at once, but not while a part is added. Wiped when it is freed.
 */
typedef struct tenlock_credential tenlock_credential;

/**
 * The event log as it was when it was read. Can be used by many threads at once.
 */
typedef struct tenlock_event_log tenlock_event_log;

/**
 * The public part of a volume. From a locked volume or `tenlock_inspect` these are a stranger's words: escape
 * texts when printing. Can be used by many threads at once.
 */
typedef struct tenlock_info tenlock_info;

/**
 * A volume at rest, or one whose key is erased. It holds the lock of its storage, if that can be written. One
 * thread at a time; others get TENLOCK_ERROR_HANDLE_IN_USE.
 *
 * A call that fails leaves the handle as it is, for the next attempt. After the last one it is an erased
 * volume: unlocking gives TENLOCK_ERROR_ERASED, and there is a report. A successful unlock closes the handle.
 */
typedef struct tenlock_locked tenlock_locked;

/**
 * What was erased, when, why, and what was verified. Can be used by many threads at once.
 */
typedef struct tenlock_report tenlock_report;

/**
 * Where a volume's bytes lie. Can be used by many threads at once, but by one volume at a time. May be freed
 * as soon as a volume was opened or created on it: the volume keeps what it needs.
 */
typedef struct tenlock_storage tenlock_storage;

/**
 * A text that the library has made, perhaps a secret one, or the bytes of a header backup. Wiped when it is
 * freed.
 */
typedef struct tenlock_text tenlock_text;

/**
 * An open volume. Can be used by many threads at once; it is closed by `tenlock_volume_lock` or
 * `tenlock_volume_free`, which other calls must not overlap (TENLOCK_ERROR_HANDLE_IN_USE).
 */
typedef struct tenlock_volume tenlock_volume;

/**
 * Threads that large reads and writes are split over. One handle serves all volumes of a program, from any
 * thread. May be freed while volumes use it: the threads end with the last one.
 */
typedef struct tenlock_workers tenlock_workers;

/**
 * What the last call did not do, and why. The caller allocates it, sets `size` (TENLOCK_INIT) and passes
 * it to calls, one thread at a time; each call describes itself in it. A call that succeeds empties it.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * What the call returned.
     */
    int32_t code;
    /**
     * Error number of the operating system (errno, GetLastError), 0 if there is none.
     */
    int32_t os_error;
    /**
     * Where: bytes from the start of the storage, or of the payload for TENLOCK_ERROR_OUT_OF_RANGE;
     * UINT64_MAX if there is no place.
     */
    uint64_t offset;
    /**
     * The slots that it is about, slot 0 in the lowest bit.
     */
    uint32_t slots;
    /**
     * Attempts left after a wrong credential on the slot with the fewest; -1 if none was counted.
     */
    int32_t remaining;
    /**
     * Whether the key of the volume is erased at that limit, not just the slot.
     */
    uint32_t erases_volume;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * For people: what was wrong and what to do. UTF-8, ends with a zero byte, cut if it is too long.
     * Never holds a secret.
     */
    char text[TENLOCK_ERROR_TEXT_SIZE];
} tenlock_error;

/**
 * Storage of the caller's: a run of bytes with a length.
 *
 * A callback returns 0 when all was done. Otherwise it returns an error number of the operating system
 * with a minus before it (-EIO; on Windows -(int32_t)GetLastError()), or one of TENLOCK_ERROR_CANCELLED,
 * TENLOCK_ERROR_CANNOT_WRITE, TENLOCK_ERROR_BUSY, TENLOCK_ERROR_IO and TENLOCK_ERROR_UNSUPPORTED. The call
 * for which it was made returns the same code, or TENLOCK_ERROR_IO with the error number in `os_error`.
 * Any other number is TENLOCK_ERROR_IO.
 *
 * Callbacks are called from the threads that call this library, and from those of `tenlock_workers`;
 * several at once. They must not throw or jump out.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Passed to each callback. Must stay valid until `release` is called.
     */
    void *context;
    /**
     * Required. Sets `length` to the length of the storage in bytes.
     */
    int32_t (*length)(void *context, uint64_t *length);
    /**
     * Required. Fills `buffer` with `size` bytes from `offset`, all of them.
     */
    int32_t (*read)(void *context, uint64_t offset, void *buffer, size_t size);
    /**
     * Writes all `size` bytes of `data` at `offset`. NULL: the storage is read-only.
     */
    int32_t (*write)(void *context, uint64_t offset, const void *data, size_t size);
    /**
     * Required with `write`. Returns 0 when all that was written before would survive a loss of power.
     * The limit of attempts and the safety of the data rest on it.
     */
    int32_t (*flush)(void *context);
    /**
     * Sets the length; appended bytes read as zeros. NULL: the length is fixed.
     */
    int32_t (*set_length)(void *context, uint64_t length);
    /**
     * Told that a range holds nothing of use. NULL: not told.
     */
    int32_t (*discard)(void *context, uint64_t offset, uint64_t size);
    /**
     * Takes the lock of these bytes against whoever else could open them, without waiting;
     * TENLOCK_ERROR_BUSY if somebody has it. NULL: the caller promises that nobody else opens them, other
     * than through this handle.
     */
    int32_t (*lock)(void *context);
    /**
     * Gives that lock back.
     */
    int32_t (*unlock)(void *context);
    /**
     * Called once, when no callback will be called any more: after the storage handle is freed and the
     * volume on it is closed. Not called if `tenlock_storage_from_callbacks` fails. NULL: not told.
     */
    void (*release)(void *context);
    /**
     * Least unit that can be written, in bytes, a power of two up to 4096; 0 for 512.
     */
    uint32_t block_size;
    /**
     * Zero.
     */
    uint32_t reserved;
} tenlock_storage_callbacks;

/**
 * What an external factor is asked. Valid during the callback.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * The parameters that the slot keeps. On a locked volume they are a stranger's bytes.
     */
    const void *parameters;
    /**
     * How many bytes they are.
     */
    size_t parameters_size;
    /**
     * Which volume.
     */
    uint8_t volume_id[16];
    /**
     * Bound to the slot; the secret depends on it.
     */
    uint8_t challenge[32];
} tenlock_external_request;

/**
 * A factor that the caller answers for.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Passed to each callback. Must stay valid until `release` is called.
     */
    void *context;
    /**
     * Name of the provider, 1 to 64 bytes, by convention a reversed domain name. Slots ask for it. Copied.
     */
    const char *provider;
    /**
     * Required. Writes the secret for the request to `secret`, 16 bytes at least and
     * TENLOCK_EXTERNAL_SECRET_SIZE at most, and how many to `length`; the same bytes for the same request.
     * Returns 0; TENLOCK_ERROR_CANCELLED, TENLOCK_ERROR_EXTERNAL_TIMED_OUT; any other number if it failed. The
     * attempt is charged when it is called, and taken back if it fails. The library wipes `secret`.
     */
    int32_t (*respond)(void *context,
                       const tenlock_external_request *request,
                       uint8_t *secret,
                       size_t *length);
    /**
     * Called once, when the credential is freed. Not called if the function that took the table fails.
     * NULL: not told.
     */
    void (*release)(void *context);
} tenlock_external_callbacks;

/**
 * The texts of a volume that anybody can read. NULL is an empty text.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Name of the volume, at most 62 bytes.
     */
    const char *label;
    /**
     * Who owns it, at most 126 bytes.
     */
    const char *owner;
    /**
     * How to reach the owner, at most 254 bytes.
     */
    const char *contact;
    /**
     * What the finder gets, at most 254 bytes.
     */
    const char *reward;
    /**
     * Number in the owner's books, at most 62 bytes.
     */
    const char *asset_tag;
    /**
     * Whose data it carries, at most 126 bytes.
     */
    const char *customer;
    /**
     * Hint for the passphrase, at most 254 bytes.
     */
    const char *hint;
} tenlock_label;

/**
 * The rules of a volume. Those for passphrases bind new ones; what is there stays.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Least number of characters.
     */
    uint32_t min_characters;
    /**
     * Least estimated strength in bits.
     */
    uint32_t min_strength_bits;
    /**
     * 1: the words of the label are refused.
     */
    uint32_t not_the_label;
    /**
     * Least memory of the key derivation in KiB; 0 for the least there is.
     */
    uint32_t min_kdf_memory_kib;
    /**
     * Least passes of the key derivation; 0 for the least there is.
     */
    uint32_t min_kdf_passes;
    /**
     * Seconds without use after which a program is to lock the volume (`tenlock_volume_idle`); 0 for never.
     */
    uint32_t auto_lock_seconds;
    /**
     * Roles of which a slot must always exist: the bit 1 << TENLOCK_ROLE_* for each.
     */
    uint32_t required_roles;
    /**
     * Zero.
     */
    uint32_t reserved;
} tenlock_policy;

/**
 * Told of the progress of key derivations, about a second each, and able to cancel them. Used during the
 * call that takes it, on its thread.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Passed to the callback.
     */
    void *context;
    /**
     * Required. `done` of `total` equal steps of one derivation are done. Returns 0 to go on; anything else
     * cancels: the call returns TENLOCK_ERROR_CANCELLED and takes back what it has charged.
     */
    int32_t (*report)(void *context, uint32_t done, uint32_t total);
} tenlock_progress;

/**
 * Told what a volume finds out of order, in words without secrets. Used by the call that takes it and by
 * the volume that it opens, on the threads that call the library, until the volume is closed.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Passed to the callback. Must stay valid until the volume is closed.
     */
    void *context;
    /**
     * Required. The text is UTF-8 and valid during the callback.
     */
    void (*line)(void *context, const char *text);
} tenlock_log_callback;

/**
 * What a new volume is to be like. Zero is the default of every member. All texts and tables are copied.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Texts that anybody can read.
     */
    const tenlock_label *label;
    /**
     * Rules, which bind the first credentials too.
     */
    const tenlock_policy *policy;
    /**
     * Progress of the key derivations, and cancelling: then nothing is written.
     */
    const tenlock_progress *progress;
    /**
     * Told of notices, as long as the volume is open.
     */
    const tenlock_log_callback *log;
    /**
     * Threads for large requests to the volume.
     */
    const tenlock_workers *workers;
    /**
     * Name of this host for the event log.
     */
    const char *host;
    /**
     * Name of the program for the event log.
     */
    const char *agent;
    /**
     * Room for data in bytes, a multiple of 4096; 0 for all the room of the storage. The storage is 2 MiB
     * larger.
     */
    uint64_t payload_length;
    /**
     * 512 or 4096; 0 for 4096.
     */
    uint32_t sector_size;
    /**
     * Cost of the key derivation: memory in KiB. The three of it are 0 for 64 MiB, 3 passes, 4 lanes.
     */
    uint32_t kdf_memory_kib;
    /**
     * Cost of the key derivation: passes.
     */
    uint32_t kdf_passes;
    /**
     * Cost of the key derivation: lanes.
     */
    uint32_t kdf_lanes;
    /**
     * Consecutive failed attempts of the admin after which the key is erased, 1 to 10; 0 for 10. For
     * `tenlock_create` only.
     */
    uint32_t attempt_limit;
    /**
     * 1: data that is found where the volume is made may be overwritten.
     */
    uint32_t overwrite;
} tenlock_create_options;

/**
 * What a new slot is to be like. Zero is the default of every member but the role. All is copied.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Name for people, at most 32 bytes; anybody can read it.
     */
    const char *name;
    /**
     * One of TENLOCK_ROLE_*.
     */
    uint32_t role;
    /**
     * 1: the slot is to be the one in `index`; 0: the first that is free.
     */
    uint32_t has_index;
    /**
     * 0 to 31.
     */
    uint32_t index;
    /**
     * Consecutive failed attempts that are allowed, 1 to 10; 0 for 10. Not for recovery and escrow.
     */
    uint32_t attempt_limit;
    /**
     * One of TENLOCK_ACTION_*; 0: an admin's erases the volume, a user's itself.
     */
    uint32_t action;
    /**
     * 1: the credential has to be replaced at the next unlock.
     */
    uint32_t must_change;
    /**
     * 1: it may only read.
     */
    uint32_t read_only;
    /**
     * 1: its first use spends it; recovery only.
     */
    uint32_t one_time;
    /**
     * 1: an admin has to allow the last attempt.
     */
    uint32_t last_attempt_reserved;
    /**
     * Cost of the key derivation: memory in KiB. The three of it are 0 for that of the other slots.
     */
    uint32_t kdf_memory_kib;
    /**
     * Cost of the key derivation: passes.
     */
    uint32_t kdf_passes;
    /**
     * Cost of the key derivation: lanes.
     */
    uint32_t kdf_lanes;
} tenlock_slot_options;

/**
 * What a host remembers of a volume; none of the three ever gets lower on a volume. Its layout is for ever.
 */
typedef struct {
    /**
     * Changes of the header; attempts do not count.
     */
    uint64_t generation;
    /**
     * Number of the policy.
     */
    uint64_t policy_number;
    /**
     * Number of the latest entry of the event log.
     */
    uint64_t log_sequence;
} tenlock_remembered;

/**
 * Where the caller remembers volumes, instead of in a file. Used by the call that takes it and by the
 * volume that it opens, until that is closed. Results are those of storage callbacks.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Passed to each callback. Must stay valid until the volume is closed.
     */
    void *context;
    /**
     * Required. Sets `known` to 1 and fills `remembered`, or sets `known` to 0 if the volume has not been
     * seen. What cannot be read is an error and never 0.
     */
    int32_t (*recall)(void *context,
                      const uint8_t *volume_id,
                      uint32_t *known,
                      tenlock_remembered *remembered);
    /**
     * Required. Remembers the volume, of each number the greater of the old and the new, and returns once
     * that would survive a loss of power.
     */
    int32_t (*remember)(void *context, const uint8_t *volume_id, const tenlock_remembered *seen);
    /**
     * Required. Forgets the volume and sets `known` to whether it was remembered. Called when an older copy
     * was accepted.
     */
    int32_t (*forget)(void *context, const uint8_t *volume_id, uint32_t *known);
} tenlock_memory_callbacks;

/**
 * How a volume is to be unlocked. Zero is the default of every member. All texts and tables are copied.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Progress of the key derivation, and cancelling.
     */
    const tenlock_progress *progress;
    /**
     * Told of notices, from the unlock on.
     */
    const tenlock_log_callback *log;
    /**
     * Threads for large requests to the volume.
     */
    const tenlock_workers *workers;
    /**
     * Name of this host for the event log; the first 64 bytes are kept.
     */
    const char *host;
    /**
     * Name of the program, and whom it works for, for the event log; the first 128 bytes are kept.
     */
    const char *agent;
    /**
     * File in which this host remembers volumes, to notice older copies.
     */
    const char *memory_path;
    /**
     * Callbacks for the same; not both.
     */
    const tenlock_memory_callbacks *memory;
    /**
     * One of TENLOCK_CHOOSE_*.
     */
    uint32_t choice;
    /**
     * Slot for TENLOCK_CHOOSE_SLOT.
     */
    uint32_t slot;
    /**
     * One of TENLOCK_ROLE_* for TENLOCK_CHOOSE_ROLE.
     */
    uint32_t role;
    /**
     * 1: go on although the header is older than this host remembers.
     */
    uint32_t accept_rollback;
    /**
     * 1: go on although records of the event log are lost.
     */
    uint32_t accept_lost_log;
    /**
     * Threads of the key derivation at most; 0 for as many as there are processors.
     */
    uint32_t derivation_threads;
} tenlock_unlock_options;

/**
 * What does not change while a volume is open.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Length of the payload in bytes.
     */
    uint64_t length;
    /**
     * Size of a sector in bytes: aligned requests are the fast ones.
     */
    uint32_t sector_size;
    /**
     * Slot that was opened.
     */
    uint32_t slot;
    /**
     * Its role, one of TENLOCK_ROLE_*.
     */
    uint32_t role;
    /**
     * 1: the slot may only read.
     */
    uint32_t read_only;
} tenlock_volume_facts;

/**
 * A buffer of a vectored read or write. Its layout is for ever.
 */
typedef struct {
    /**
     * Where it begins. A write does not change it.
     */
    void *data;
    /**
     * Its length in bytes.
     */
    size_t length;
} tenlock_buffer;

/**
 * Numbers of a volume.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Identity of the volume, a UUID.
     */
    uint8_t volume_id[16];
    /**
     * Time of creation, seconds since 1970 UTC; 0 unknown.
     */
    uint64_t created;
    /**
     * Number of the header's generation.
     */
    uint64_t generation;
    /**
     * Number of the policy.
     */
    uint64_t policy_number;
    /**
     * Where the payload begins, bytes from the start of the storage.
     */
    uint64_t payload_offset;
    /**
     * Length of the payload in bytes.
     */
    uint64_t payload_length;
    /**
     * Number of the newest record of the event log.
     */
    uint64_t log_sequence;
    /**
     * Version of the format.
     */
    uint32_t format_version;
    /**
     * One of TENLOCK_STATE_*.
     */
    uint32_t state;
    /**
     * Size of a sector in bytes.
     */
    uint32_t sector_size;
    /**
     * The slots that are granted, slot 0 in the lowest bit.
     */
    uint32_t slots;
    /**
     * How many backups of the header were taken.
     */
    uint32_t backups;
    /**
     * What header copy A is like, one of TENLOCK_COPY_*.
     */
    uint32_t copy_a;
    /**
     * What header copy B is like.
     */
    uint32_t copy_b;
    /**
     * Zero.
     */
    uint32_t reserved;
} tenlock_info_facts;

/**
 * A slot that is granted.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Time of the last change of its credential, seconds since 1970 UTC; 0 unknown.
     */
    uint64_t changed;
    /**
     * Its index.
     */
    uint32_t index;
    /**
     * One of TENLOCK_ROLE_*.
     */
    uint32_t role;
    /**
     * One of TENLOCK_SLOT_*.
     */
    uint32_t status;
    /**
     * What opens it, bits TENLOCK_FACTOR_*; 0 unless it is in force.
     */
    uint32_t factors;
    /**
     * 1: attempts are counted, and the next five have a meaning.
     */
    uint32_t counted;
    /**
     * Consecutive failed attempts that are allowed.
     */
    uint32_t attempt_limit;
    /**
     * How many there were.
     */
    uint32_t failed;
    /**
     * How many attempts are left.
     */
    uint32_t remaining;
    /**
     * 1: only the last one is left, and it waits for an admin.
     */
    uint32_t waits_for_admin;
    /**
     * What happens at the limit, one of TENLOCK_ACTION_*.
     */
    uint32_t action;
    /**
     * 1: the credential must be changed at the next unlock.
     */
    uint32_t must_change;
    /**
     * 1: it may only read.
     */
    uint32_t read_only;
    /**
     * 1: its first use spends it.
     */
    uint32_t one_time;
    /**
     * 1: an admin has to allow the last attempt.
     */
    uint32_t last_attempt_reserved;
    /**
     * Cost of the derivation of its passphrase, 0 if there is none: memory in KiB.
     */
    uint32_t kdf_memory_kib;
    /**
     * Passes.
     */
    uint32_t kdf_passes;
    /**
     * Lanes.
     */
    uint32_t kdf_lanes;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Its name, UTF-8, with a zero byte at the end.
     */
    char name[40];
} tenlock_slot_facts;

/**
 * Numbers of an erase.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Identity of the volume.
     */
    uint8_t volume_id[16];
    /**
     * When it began, seconds since 1970 UTC; 0 unknown.
     */
    uint64_t began;
    /**
     * When the key was found destroyed; 0 if it has not been.
     */
    uint64_t ended;
    /**
     * 1: the key is destroyed, as far as software can see. 0: opening the volume tries it again.
     */
    uint32_t verified;
    /**
     * One of TENLOCK_CAUSE_*.
     */
    uint32_t cause;
    /**
     * The slot whose attempts were exhausted; TENLOCK_NO_SLOT otherwise.
     */
    uint32_t slot;
    /**
     * How many regions there are.
     */
    uint32_t regions;
} tenlock_report_facts;

/**
 * An overwritten region.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * First byte, from the start of the storage.
     */
    uint64_t offset;
    /**
     * Length in bytes.
     */
    uint64_t length;
    /**
     * What it held: TENLOCK_REGION_SEAL or TENLOCK_REGION_SLOTS.
     */
    uint32_t kind;
    /**
     * What became of it: another TENLOCK_REGION_*.
     */
    uint32_t result;
    /**
     * 1: the storage was told, and accepted, that it is no longer needed.
     */
    uint32_t discarded;
    /**
     * Zero.
     */
    uint32_t reserved;
} tenlock_region;

/**
 * An entry of the event log. Host and agent are what the writing program said of itself: escape them when
 * printing.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Its number, from 1.
     */
    uint64_t sequence;
    /**
     * When, in seconds since 1970 UTC by the clock of the host; 0 unknown.
     */
    uint64_t time;
    /**
     * What happened, a number of the format page (section 3.9); 0: the record cannot be opened, somebody else
     * has written it.
     */
    uint32_t kind;
    /**
     * The slots it concerns, slot 0 in the lowest bit.
     */
    uint32_t slots;
    /**
     * The role under which it happened, one of TENLOCK_ROLE_*; 0: none.
     */
    uint32_t role;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * What happened, in a word, such as "slot_added".
     */
    char name[32];
    /**
     * The machine, UTF-8.
     */
    char host[72];
    /**
     * The program, UTF-8.
     */
    char agent[136];
} tenlock_event;

/**
 * What a backup says of itself; of a sealed one these are a stranger's words.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * The volume.
     */
    uint8_t volume_id[16];
    /**
     * Generation of the header in it.
     */
    uint64_t generation;
    /**
     * When it was taken, seconds since 1970 UTC; 0 unknown.
     */
    uint64_t created;
    /**
     * Length of the volume in bytes, with its headers.
     */
    uint64_t volume_length;
    /**
     * Counts the backups of the volume, from 1.
     */
    uint32_t number;
    /**
     * 1: it is sealed, and needs a private key.
     */
    uint32_t sealed;
    /**
     * The public key that it is sealed to, as text with a zero byte at the end; empty if it is not.
     */
    char recipient[72];
} tenlock_backup_facts;

/**
 * How a header is to be restored. Zero is the default of every member. All is copied.
 */
typedef struct {
    /**
     * Size of this struct.
     */
    size_t size;
    /**
     * Name of this host for the event log.
     */
    const char *host;
    /**
     * Name of the program for the event log.
     */
    const char *agent;
    /**
     * File in which this host remembers volumes.
     */
    const char *memory_path;
    /**
     * Callbacks for the same; not both.
     */
    const tenlock_memory_callbacks *memory;
    /**
     * 1: an older header may replace a newer one; credentials, rules and label are then those of the backup.
     */
    uint32_t allow_older;
    /**
     * Zero.
     */
    uint32_t reserved;
} tenlock_restore_options;

/**
 * Cost of a key derivation by Argon2id (RFC 9106). Its layout is for ever.
 */
typedef struct {
    /**
     * Memory in KiB.
     */
    uint32_t memory_kib;
    /**
     * Passes over the memory.
     */
    uint32_t passes;
    /**
     * Lanes.
     */
    uint32_t lanes;
} tenlock_cost;

/**
 * All codes in the order of their numbers.
 */
#define tenlock_code_ALL { TENLOCK_OK, TENLOCK_ERROR_OTHER, TENLOCK_ERROR_USAGE, TENLOCK_ERROR_WRONG_CREDENTIAL, TENLOCK_ERROR_ERASED, TENLOCK_ERROR_NOT_A_VOLUME, TENLOCK_ERROR_DAMAGED, TENLOCK_ERROR_BUSY, TENLOCK_ERROR_CANNOT_WRITE, TENLOCK_ERROR_IO, TENLOCK_ERROR_CANCELLED, TENLOCK_ERROR_NULL_POINTER, TENLOCK_ERROR_STRUCT_SIZE, TENLOCK_ERROR_HANDLE, TENLOCK_ERROR_HANDLE_IN_USE, TENLOCK_ERROR_PANIC, TENLOCK_ERROR_BUFFER_SIZE, TENLOCK_ERROR_NOT_UTF8, TENLOCK_ERROR_ARGUMENT, TENLOCK_ERROR_UNSUPPORTED, TENLOCK_ERROR_TOO_MANY_HANDLES, TENLOCK_ERROR_NEWER_FORMAT, TENLOCK_ERROR_SLOT_ERASED, TENLOCK_ERROR_AMBIGUOUS_SLOT, TENLOCK_ERROR_ATTEMPT_RESERVED, TENLOCK_ERROR_MUST_CHANGE, TENLOCK_ERROR_ONE_TIME, TENLOCK_ERROR_NOT_PERMITTED, TENLOCK_ERROR_READ_ONLY, TENLOCK_ERROR_NO_SUCH_SLOT, TENLOCK_ERROR_SLOT_IN_USE, TENLOCK_ERROR_SLOTS_FULL, TENLOCK_ERROR_OWN_SLOT, TENLOCK_ERROR_REQUIRED_ROLE, TENLOCK_ERROR_LAST_WAY_IN, TENLOCK_ERROR_SLOT_OPTIONS, TENLOCK_ERROR_POLICY_RULES, TENLOCK_ERROR_COST_TOO_LOW, TENLOCK_ERROR_RULE, TENLOCK_ERROR_CREDENTIAL, TENLOCK_ERROR_EXTERNAL, TENLOCK_ERROR_ROLLBACK, TENLOCK_ERROR_HOST_MEMORY, TENLOCK_ERROR_NO_MATCHING_SLOT, TENLOCK_ERROR_OUT_OF_RANGE, TENLOCK_ERROR_LOOKS_LIKE_DATA, TENLOCK_ERROR_SIZE, TENLOCK_ERROR_ATTEMPT_LIMIT, TENLOCK_ERROR_HEADER_COPY_MISSING, TENLOCK_ERROR_UNREADABLE, TENLOCK_ERROR_PASSPHRASE, TENLOCK_ERROR_COST, TENLOCK_ERROR_LABEL, TENLOCK_ERROR_CRYPTO, TENLOCK_ERROR_EXTERNAL_TIMED_OUT, TENLOCK_ERROR_RECOVERY_KEY, TENLOCK_ERROR_KEY_TEXT, TENLOCK_ERROR_KEY_FILE, TENLOCK_ERROR_NOT_A_BACKUP, TENLOCK_ERROR_BACKUP_NEWER_FORMAT, TENLOCK_ERROR_BACKUP_DAMAGED, TENLOCK_ERROR_BACKUP_WRONG_KEY, TENLOCK_ERROR_BACKUP_NOT_GENUINE, TENLOCK_ERROR_RESTORE_OTHER_VOLUME, TENLOCK_ERROR_RESTORE_ERASED, TENLOCK_ERROR_RESTORE_OLDER, TENLOCK_ERROR_RESTORE_LENGTH, TENLOCK_ERROR_RESTORE_NEWER_FORMAT, TENLOCK_ERROR_RESTORE_DIVERGED, TENLOCK_ERROR_RESTORE_CONTRADICTION, TENLOCK_ERROR_RESTORE_NO_WAY_IN, TENLOCK_ERROR_RESTORE_LIMIT_REACHED, }

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, such as "0.1.0". Valid for ever.
 */
const char *tenlock_version(void);

/**
 * The TENLOCK_ABI_VERSION of the library.
 */
uint32_t tenlock_abi_version(void);

/**
 * The features that the library was built with, of `parallel` and `strength`, with a comma between. Valid for
 * ever.
 */
const char *tenlock_features(void);

/**
 * How many handles exist that were not freed or closed; for tests, which find what they have forgotten.
 */
size_t tenlock_handle_count(void);

/**
 * The class of a code, one of 0 to 10; `TENLOCK_ERROR_OTHER` for a number that this library does not know.
 */
tenlock_code tenlock_code_class(int32_t code);

/**
 * The name of a code for programs, such as "wrong_credential"; "unknown" for a number that this library
 * does not know. Valid for ever; never changes.
 */
const char *tenlock_code_name(int32_t code);

/**
 * What a code means, for people. Valid for ever. `tenlock_error` has a text that says more.
 */
const char *tenlock_code_text(int32_t code);

/**
 * Opens or creates the file at `path`, or opens the block device: `mode` is one of TENLOCK_STORAGE_OPEN,
 * TENLOCK_STORAGE_READ_ONLY and TENLOCK_STORAGE_CREATE. The path is UTF-8 on Windows and bytes elsewhere;
 * it is copied.
 */
tenlock_code tenlock_storage_open(const char *path,
                                  uint32_t mode,
                                  tenlock_error *error,
                                  tenlock_storage **storage);

/**
 * Storage in memory that begins with a copy of `bytes`; NULL and 0 for none. For tests and small images.
 */
tenlock_code tenlock_storage_in_memory(const void *bytes,
                                       size_t length,
                                       tenlock_error *error,
                                       tenlock_storage **storage);

/**
 * Storage of the caller's. The table is copied; see there for its context.
 */
tenlock_code tenlock_storage_from_callbacks(const tenlock_storage_callbacks *callbacks,
                                            tenlock_error *error,
                                            tenlock_storage **storage);

/**
 * The length of the storage in bytes: of a whole volume with its two headers.
 */
tenlock_code tenlock_storage_length(const tenlock_storage *storage,
                                    tenlock_error *error,
                                    uint64_t *length);

/**
 * Fills `buffer` with the bytes at `offset` as they lie there, encrypted, for a copy of the volume.
 */
tenlock_code tenlock_storage_read(const tenlock_storage *storage,
                                  uint64_t offset,
                                  tenlock_error *error,
                                  void *buffer,
                                  size_t length);

/**
 * Frees the handle; NULL is none. A volume on it stays open.
 */
tenlock_code tenlock_storage_free(tenlock_storage *storage);

/**
 * A credential without parts.
 */
tenlock_code tenlock_credential_new(tenlock_error *error, tenlock_credential **credential);

/**
 * Adds a passphrase: `length` bytes of UTF-8, without a zero byte at the end. It is normalised (NFC) and
 * copied to locked memory; wipe your own.
 */
tenlock_code tenlock_credential_add_passphrase(tenlock_credential *credential,
                                               const void *passphrase,
                                               size_t length,
                                               tenlock_error *error);

/**
 * Adds the file at `path` as a key file: its whole content counts, and a digest of it is kept.
 */
tenlock_code tenlock_credential_add_key_file(tenlock_credential *credential,
                                             const char *path,
                                             tenlock_error *error);

/**
 * Adds what would be the content of a key file.
 */
tenlock_code tenlock_credential_add_key_file_content(tenlock_credential *credential,
                                                     const void *content,
                                                     size_t length,
                                                     tenlock_error *error);

/**
 * Adds a recovery key as text or words; a typing error is found here and costs no attempt.
 */
tenlock_code tenlock_credential_add_recovery_key(tenlock_credential *credential,
                                                 const void *text,
                                                 size_t length,
                                                 tenlock_error *error);

/**
 * Adds a private key as text, which starts with "TENLOCK-SECRET-KEY-1".
 */
tenlock_code tenlock_credential_add_private_key(tenlock_credential *credential,
                                                const void *text,
                                                size_t length,
                                                tenlock_error *error);

/**
 * Adds a public key as text, which starts with "tenlock1": a new slot can be given to it. It opens none.
 */
tenlock_code tenlock_credential_add_public_key(tenlock_credential *credential,
                                               const void *text,
                                               size_t length,
                                               tenlock_error *error);

/**
 * Adds a factor that the caller answers for. `parameters` are for a new slot, which keeps them for the
 * provider; NULL and 0 to open one. The table is copied; see there for its context.
 */
tenlock_code tenlock_credential_add_external(tenlock_credential *credential,
                                             const tenlock_external_callbacks *callbacks,
                                             const void *parameters,
                                             size_t length,
                                             tenlock_error *error);

/**
 * Wipes the credential and frees the handle; NULL is none.
 */
tenlock_code tenlock_credential_free(tenlock_credential *credential);

/**
 * Lets the memory in the file at `path` forget the volume with these 16 bytes as its id, so that an older
 * copy of it is accepted. Sets `known` to whether it was remembered.
 */
tenlock_code tenlock_memory_forget(const char *path,
                                   const uint8_t *volume_id,
                                   tenlock_error *error,
                                   uint32_t *known);

/**
 * Starts so many threads, or TENLOCK_WORKERS_FOR_THIS_MACHINE. TENLOCK_ERROR_UNSUPPORTED if the library was
 * built without the feature `parallel`.
 */
tenlock_code tenlock_workers_new(uint32_t threads,
                                 tenlock_error *error,
                                 tenlock_workers **workers);

/**
 * Frees the handle; NULL is none.
 */
tenlock_code tenlock_workers_free(tenlock_workers *workers);

/**
 * Makes a volume with `credential`, a passphrase as a rule, as an admin's in slot 0, and opens it.
 * `options` may be NULL.
 *
 * The payload is not written: it reads as noise at first. An interruption leaves a whole volume or something
 * that no open takes for one.
 *
 * TENLOCK_ERROR_LOOKS_LIKE_DATA, _SIZE, _ATTEMPT_LIMIT, _RULE, _BUSY, _CANNOT_WRITE, _CANCELLED and others
 * that speak of the options: nothing was written. _IO: what is there is not a volume, or a whole one.
 */
tenlock_code tenlock_create(const tenlock_storage *storage,
                            const tenlock_credential *credential,
                            const tenlock_create_options *options,
                            tenlock_error *error,
                            tenlock_volume **volume);

/**
 * As `tenlock_create`, with `count` slots at once, each with options and a credential. The first must be an
 * admin's, and is the one that is open then. Everything is checked before anything is written.
 */
tenlock_code tenlock_create_with_slots(const tenlock_storage *storage,
                                       const tenlock_slot_options *const *slots,
                                       const tenlock_credential *const *credentials,
                                       size_t count,
                                       const tenlock_create_options *options,
                                       tenlock_error *error,
                                       tenlock_volume **volume);

/**
 * Opens the volume on `storage` and takes the lock of the storage. Finishes an erase that was interrupted or
 * is due; an erased volume opens as well, see `tenlock_locked_state`.
 *
 * TENLOCK_ERROR_BUSY, _NOT_A_VOLUME, _NEWER_FORMAT, _DAMAGED, _IO.
 */
tenlock_code tenlock_open(const tenlock_storage *storage,
                          tenlock_error *error,
                          tenlock_locked **locked);

/**
 * Reads the public part of the volume on `storage` without the lock and without writing: it costs no attempt,
 * and works while the volume is in use elsewhere.
 */
tenlock_code tenlock_inspect(const tenlock_storage *storage,
                             tenlock_error *error,
                             tenlock_info **info);

/**
 * Sets `state` to one of TENLOCK_STATE_*.
 */
tenlock_code tenlock_locked_state(const tenlock_locked *locked,
                                  tenlock_error *error,
                                  uint32_t *state);

/**
 * What can be known without a key. Not authenticated: a stranger's words.
 */
tenlock_code tenlock_locked_info(const tenlock_locked *locked,
                                 tenlock_error *error,
                                 tenlock_info **info);

/**
 * The report of the erase; TENLOCK_ERROR_ARGUMENT if the volume is not erased.
 */
tenlock_code tenlock_locked_report(const tenlock_locked *locked,
                                   tenlock_error *error,
                                   tenlock_report **report);

/**
 * Tries a credential and opens the volume with it. `options` may be NULL.
 *
 * A credential that can be guessed is charged durably before the key derivation starts, and refunded if it is
 * right. On success `locked` is closed. TENLOCK_ERROR_WRONG_CREDENTIAL and _SLOT_ERASED: the attempt is
 * charged, and `remaining` in `error` says how many are left; _ERASED: it was the last one. Any other code:
 * no attempt was made, or it is taken back, unless the storage failed or the process was ended in between.
 */
tenlock_code tenlock_unlock(tenlock_locked *locked,
                            const tenlock_credential *credential,
                            const tenlock_unlock_options *options,
                            tenlock_error *error,
                            tenlock_volume **volume);

/**
 * Opens the volume and replaces the credential of the slot, before anything else can be done: needed after
 * TENLOCK_ERROR_MUST_CHANGE. If the new credential is refused the volume stays locked and the old one in
 * force.
 */
tenlock_code tenlock_unlock_and_change(tenlock_locked *locked,
                                       const tenlock_credential *credential,
                                       const tenlock_credential *new_credential,
                                       const tenlock_unlock_options *options,
                                       tenlock_error *error,
                                       tenlock_volume **volume);

/**
 * Gives a user's slot a new credential with the key of a recovery slot, and opens the volume as that user.
 * `slot` is TENLOCK_NO_SLOT where there is only one user. A recovery key that opens only once is spent
 * durably before this returns.
 */
tenlock_code tenlock_recover(tenlock_locked *locked,
                             const tenlock_credential *recovery,
                             uint32_t slot,
                             const tenlock_credential *new_credential,
                             const tenlock_unlock_options *options,
                             tenlock_error *error,
                             tenlock_volume **volume);

/**
 * Tries a credential, counts the attempt as `tenlock_unlock` does, and leaves the volume locked. Sets `slot`
 * and `role` to what it opens. Right is also a credential that must be changed, or that opens only once.
 */
tenlock_code tenlock_try(tenlock_locked *locked,
                         const tenlock_credential *credential,
                         const tenlock_unlock_options *options,
                         tenlock_error *error,
                         uint32_t *slot,
                         uint32_t *role);

/**
 * Destroys the key of the volume for good; needs no credential. `tenlock_locked_report` says what was verified:
 * where that is not all, opening the volume again tries it again. TENLOCK_ERROR_CANNOT_WRITE: nothing was
 * changed.
 */
tenlock_code tenlock_erase(tenlock_locked *locked,
                           tenlock_error *error);

/**
 * Repairs the header copies from each other, as far as nothing can be lost by it; needs no key. A copy that
 * something else has overwritten, perhaps a quick format, is written anew: whatever lies in that MiB now is
 * lost. What only a key can tell is left to the next unlock. Gives a JSON object with the members
 * `repaired`, `left` and `failed` to `report`, unless that is NULL.
 */
tenlock_code tenlock_repair(tenlock_locked *locked,
                            tenlock_error *error,
                            tenlock_text **report);

/**
 * Closes the volume, gives the lock of its storage back and frees the handle; NULL is none.
 */
tenlock_code tenlock_locked_free(tenlock_locked *locked);

/**
 * Fills `facts`.
 */
tenlock_code tenlock_volume_describe(const tenlock_volume *volume,
                                     tenlock_error *error,
                                     tenlock_volume_facts *facts);

/**
 * Fills `buffer` with `length` bytes of the payload at `offset`, any alignment and length.
 * TENLOCK_ERROR_OUT_OF_RANGE: nothing was read; TENLOCK_ERROR_IO: what is in the buffer is undefined.
 */
tenlock_code tenlock_volume_read(const tenlock_volume *volume,
                                 uint64_t offset,
                                 tenlock_error *error,
                                 void *buffer,
                                 size_t length);

/**
 * Writes `length` bytes of `data` to the payload at `offset`, any alignment and length. Durable after
 * `tenlock_volume_flush`. _OUT_OF_RANGE, _READ_ONLY: nothing was written; _IO, _CANNOT_WRITE: any of the
 * sectors may hold old or new bytes.
 */
tenlock_code tenlock_volume_write(const tenlock_volume *volume,
                                  uint64_t offset,
                                  const void *data,
                                  size_t length,
                                  tenlock_error *error);

/**
 * Fills `count` buffers one after the other from the payload at `offset`; nothing if any is out of range.
 */
tenlock_code tenlock_volume_read_vectored(const tenlock_volume *volume,
                                          uint64_t offset,
                                          tenlock_error *error,
                                          const tenlock_buffer *buffers,
                                          size_t count);

/**
 * Writes `count` buffers one after the other to the payload at `offset`; nothing if any is out of range.
 */
tenlock_code tenlock_volume_write_vectored(const tenlock_volume *volume,
                                           uint64_t offset,
                                           const tenlock_buffer *buffers,
                                           size_t count,
                                           tenlock_error *error);

/**
 * Returns when everything written before is on the medium. TENLOCK_ERROR_IO: any write since the last flush
 * may be lost; write again what matters.
 */
tenlock_code tenlock_volume_flush(const tenlock_volume *volume,
                                  tenlock_error *error);

/**
 * Tells the storage that a range is no longer needed: whole sectors in it may read as anything.
 */
tenlock_code tenlock_volume_discard(const tenlock_volume *volume,
                                    uint64_t offset,
                                    uint64_t length,
                                    tenlock_error *error);

/**
 * The public part of the volume, authenticated.
 */
tenlock_code tenlock_volume_info(const tenlock_volume *volume,
                                 tenlock_error *error,
                                 tenlock_info **info);

/**
 * Takes what was found out of order since it was last asked, first when the volume was unlocked: a JSON
 * array of texts. Empty if a log callback is told of it.
 */
tenlock_code tenlock_volume_take_notices(const tenlock_volume *volume,
                                         tenlock_error *error,
                                         tenlock_text **notices);

/**
 * For how many milliseconds the volume has not been used, and after how many it is to be locked by its
 * policy, 0 for never: ask from a timer, and call `tenlock_volume_lock` when the time is up. A use counts
 * from the first of these calls after it.
 */
tenlock_code tenlock_volume_idle(const tenlock_volume *volume,
                                 tenlock_error *error,
                                 uint64_t *idle,
                                 uint64_t *limit);

/**
 * Writes the 64-byte XTS key of the payload to `key`, for emergency recovery with other tools: `size` must
 * be 64. For admins and escrow; recorded in the event log. Wipe it.
 */
tenlock_code tenlock_volume_export_key(const tenlock_volume *volume,
                                       tenlock_error *error,
                                       void *key,
                                       size_t size);

/**
 * Flushes, wipes the keys and closes the handle. Gives the locked volume to `locked`, unless that is NULL.
 * If the flush fails the code says so; the keys are wiped and the handle is closed all the same, and the
 * volume can be opened anew.
 */
tenlock_code tenlock_volume_lock(tenlock_volume *volume,
                                 tenlock_error *error,
                                 tenlock_locked **locked);

/**
 * Wipes the keys and closes the volume without a flush; NULL is none.
 */
tenlock_code tenlock_volume_free(tenlock_volume *volume);

/**
 * Grants a new slot to whoever presents `credential`, and sets `slot` to its index. Admins only. `progress` may
 * be NULL. TENLOCK_ERROR_IO: the slot is there or not; any other error: nothing was changed.
 */
tenlock_code tenlock_volume_add_slot(const tenlock_volume *volume,
                                     const tenlock_slot_options *options,
                                     const tenlock_credential *credential,
                                     const tenlock_progress *progress,
                                     tenlock_error *error,
                                     uint32_t *slot);

/**
 * Removes a slot: its credential opens nothing any more. Admins only. Refuses to remove the slot that was
 * opened, the last of a role that must exist, and the last way in, unless `force` is 1.
 */
tenlock_code tenlock_volume_remove_slot(const tenlock_volume *volume,
                                        uint32_t slot,
                                        uint32_t force,
                                        tenlock_error *error);

/**
 * Replaces the credential of the slot that was opened; the old one opens nothing any more when this returns.
 * The cost is taken from `options` if that is not NULL, else it stays. TENLOCK_ERROR_IO: either is in force.
 */
tenlock_code tenlock_volume_change_credential(const tenlock_volume *volume,
                                              const tenlock_credential *credential,
                                              const tenlock_slot_options *options,
                                              const tenlock_progress *progress,
                                              tenlock_error *error);

/**
 * Replaces the credential of another slot without knowing the old one, and gives the slot all its attempts,
 * also if it was erased. Admins only. Of `options`, which may be NULL, `must_change` and the cost count.
 */
tenlock_code tenlock_volume_reset_slot(const tenlock_volume *volume,
                                       uint32_t slot,
                                       const tenlock_credential *credential,
                                       const tenlock_slot_options *options,
                                       const tenlock_progress *progress,
                                       tenlock_error *error);

/**
 * Changes how many attempts a slot has, 1 to 10, and what happens at the limit, one of TENLOCK_ACTION_*.
 * Admins only.
 */
tenlock_code tenlock_volume_set_lockout(const tenlock_volume *volume,
                                        uint32_t slot,
                                        uint32_t limit,
                                        uint32_t action,
                                        tenlock_error *error);

/**
 * Allows the last attempt of a slot on which it is reserved. Admins only.
 */
tenlock_code tenlock_volume_allow_last_attempt(const tenlock_volume *volume,
                                               uint32_t slot,
                                               tenlock_error *error);

/**
 * Reserves the last attempt of a user's slot until an admin allows it. Admins only.
 */
tenlock_code tenlock_volume_reserve_last_attempt(const tenlock_volume *volume,
                                                 uint32_t slot,
                                                 tenlock_error *error);

/**
 * Sets the counter of a slot back: its holder has all attempts again. Admins only.
 */
tenlock_code tenlock_volume_reset_attempts(const tenlock_volume *volume,
                                           uint32_t slot,
                                           tenlock_error *error);

/**
 * Fills `policy` with the rules of the volume.
 */
tenlock_code tenlock_volume_policy(const tenlock_volume *volume,
                                   tenlock_error *error,
                                   tenlock_policy *policy);

/**
 * Replaces the rules. Admins only. TENLOCK_ERROR_IO: the old or the new rules are in force; any other error:
 * nothing was changed.
 */
tenlock_code tenlock_volume_set_policy(const tenlock_volume *volume,
                                       const tenlock_policy *policy,
                                       tenlock_error *error);

/**
 * Replaces the label, all of its texts. Admins only. TENLOCK_ERROR_IO: the old or the new label is in force;
 * any other error: nothing was changed.
 */
tenlock_code tenlock_volume_set_label(const tenlock_volume *volume,
                                      const tenlock_label *label,
                                      tenlock_error *error);

/**
 * Fills `facts`.
 */
tenlock_code tenlock_info_describe(const tenlock_info *info,
                                   tenlock_error *error,
                                   tenlock_info_facts *facts);

/**
 * Fills `facts` with what there is of a slot; TENLOCK_ERROR_NO_SUCH_SLOT if it is not granted.
 */
tenlock_code tenlock_info_slot(const tenlock_info *info,
                               uint32_t slot,
                               tenlock_error *error,
                               tenlock_slot_facts *facts);

/**
 * Fills `policy` with the rules.
 */
tenlock_code tenlock_info_policy(const tenlock_info *info,
                                 tenlock_error *error,
                                 tenlock_policy *policy);

/**
 * A text of the label, empty if there is none: `field` is one of TENLOCK_LABEL_*.
 */
tenlock_code tenlock_info_label(const tenlock_info *info,
                                uint32_t field,
                                tenlock_error *error,
                                tenlock_text **text);

/**
 * All of it as a JSON object, with the members of `tenlock info --json`; times are numbers, in seconds since
 * 1970 UTC.
 */
tenlock_code tenlock_info_json(const tenlock_info *info,
                               tenlock_error *error,
                               tenlock_text **text);

/**
 * Frees the handle; NULL is none.
 */
tenlock_code tenlock_info_free(tenlock_info *info);

/**
 * Fills `facts`.
 */
tenlock_code tenlock_report_describe(const tenlock_report *report,
                                     tenlock_error *error,
                                     tenlock_report_facts *facts);

/**
 * Fills `region` with the region of this index, from 0; TENLOCK_ERROR_ARGUMENT if there are not so many.
 */
tenlock_code tenlock_report_region(const tenlock_report *report,
                                   uint32_t index,
                                   tenlock_error *error,
                                   tenlock_region *region);

/**
 * All of it as a JSON object.
 */
tenlock_code tenlock_report_json(const tenlock_report *report,
                                 tenlock_error *error,
                                 tenlock_text **text);

/**
 * Frees the handle; NULL is none.
 */
tenlock_code tenlock_report_free(tenlock_report *report);

/**
 * Reads the event log. Admins only.
 */
tenlock_code tenlock_volume_event_log(const tenlock_volume *volume,
                                      tenlock_error *error,
                                      tenlock_event_log **log);

/**
 * Sets `entries` to how many entries there are, and `faults` to in how many places records are missing or do
 * not follow each other (the JSON names them).
 */
tenlock_code tenlock_event_log_count(const tenlock_event_log *log,
                                     tenlock_error *error,
                                     uint32_t *entries,
                                     uint32_t *faults);

/**
 * Fills `event` with the entry of this index, from 0, oldest first; TENLOCK_ERROR_ARGUMENT if there are not so
 * many.
 */
tenlock_code tenlock_event_log_entry(const tenlock_event_log *log,
                                     uint32_t index,
                                     tenlock_error *error,
                                     tenlock_event *event);

/**
 * All of it as a JSON object with the members `entries` and `faults`.
 */
tenlock_code tenlock_event_log_json(const tenlock_event_log *log,
                                    tenlock_error *error,
                                    tenlock_text **text);

/**
 * Frees the handle; NULL is none.
 */
tenlock_code tenlock_event_log_free(tenlock_event_log *log);

/**
 * Takes a backup of the header, sealed to the public key in `text`, whose private key is kept away from the
 * medium: `backup` has the bytes of its file. It is counted in the header first, and **outlives an erase**:
 * who has that private key and a credential that is valid now reads the payload. Admins only.
 */
tenlock_code tenlock_volume_backup_header(const tenlock_volume *volume,
                                          const void *text,
                                          size_t length,
                                          tenlock_error *error,
                                          tenlock_text **backup);

/**
 * As `tenlock_volume_backup_header`, not sealed: whoever finds the file guesses passphrases without any limit.
 */
tenlock_code tenlock_volume_backup_header_plain_outlives_erase(const tenlock_volume *volume,
                                                               tenlock_error *error,
                                                               tenlock_text **backup);

/**
 * Reads the bytes of a backup's file.
 */
tenlock_code tenlock_backup_read(const void *bytes,
                                 size_t length,
                                 tenlock_error *error,
                                 tenlock_backup **backup);

/**
 * Fills `facts`.
 */
tenlock_code tenlock_backup_describe(const tenlock_backup *backup,
                                     tenlock_error *error,
                                     tenlock_backup_facts *facts);

/**
 * Puts the header of a backup on both copies of the volume on `storage`, which no volume may be open on. A sealed
 * backup needs the private key in `text`, a plain one NULL and 0. `options` may be NULL. What was erased stays
 * erased, and attempts that were used stay used. Gives a JSON object of what was done to `report`, unless that
 * is NULL.
 *
 * TENLOCK_ERROR_RESTORE_* and other refusals: nothing was written.
 */
tenlock_code tenlock_restore_header(const tenlock_storage *storage,
                                    const tenlock_backup *backup,
                                    const void *text,
                                    size_t length,
                                    const tenlock_restore_options *options,
                                    tenlock_error *error,
                                    tenlock_text **report);

/**
 * Looks at both header copies on `storage` block by block: a JSON object. Takes no lock, costs no attempt and
 * writes nothing.
 */
tenlock_code tenlock_check_header(const tenlock_storage *storage,
                                  tenlock_error *error,
                                  tenlock_text **check);

/**
 * Frees the handle; NULL is none.
 */
tenlock_code tenlock_backup_free(tenlock_backup *backup);

/**
 * Makes a recovery key, as text and as words; either is for `tenlock_credential_add_recovery_key`. Wiped when
 * the texts are freed.
 */
tenlock_code tenlock_recovery_key_generate(tenlock_error *error,
                                           tenlock_text **text,
                                           tenlock_text **words);

/**
 * Makes a private key and the public key that belongs to it, as texts.
 */
tenlock_code tenlock_private_key_generate(tenlock_error *error,
                                          tenlock_text **private_key,
                                          tenlock_text **public_key);

/**
 * Finds a cost that takes about so many milliseconds on this machine, with no more memory than the smallest
 * machine has that is to open the volume; never less than 64 MiB and 3 passes. Takes about as long itself.
 */
tenlock_code tenlock_calibrate(uint32_t milliseconds,
                               uint32_t max_memory_kib,
                               tenlock_error *error,
                               tenlock_cost *cost);

/**
 * Estimates the strength of a passphrase in bits, as the rules of a policy do, but without a label.
 * TENLOCK_ERROR_UNSUPPORTED if the library was built without the feature `strength`.
 */
tenlock_code tenlock_passphrase_strength(const void *passphrase,
                                         size_t length,
                                         tenlock_error *error,
                                         uint32_t *bits);

/**
 * Where a text lies, and its length in bytes without the zero byte at its end. UTF-8; valid until the handle
 * is freed.
 */
tenlock_code tenlock_text_get(const tenlock_text *text,
                              tenlock_error *error,
                              const char **data,
                              size_t *length);

/**
 * Wipes the text and frees the handle; NULL is none.
 */
tenlock_code tenlock_text_free(tenlock_text *text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TENLOCK_H */
