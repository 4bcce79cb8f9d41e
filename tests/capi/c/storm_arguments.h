/* What the storm throws at the library: right, wrong and impossible arguments, and callbacks that fail. */

#ifndef STORM_ARGUMENTS_H
#define STORM_ARGUMENTS_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenlock.h"

/* splitmix64, one for each thread. */
static _Thread_local uint64_t random_state;

static uint32_t roll(uint32_t sides) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % sides;
}

static void check(int holds, const char *what, const char *call) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s: %s\n", call, what);
    exit(EXIT_FAILURE);
}

enum { FILL = 8192, LONGEST = 4 << 20, PAYLOAD = 64 << 10, BEHIND = 64, PLACES = 3 };

/* Kinds of handles. */
enum { STORAGE, CREDENTIAL, WORKERS, LOCKED, VOLUME, INFO, REPORT, LOG, BACKUP, TEXT, KINDS };

/* The handles that are in play; any may be freed at any time. */
static void *_Atomic pool[KINDS][PLACES];

/* Calls that may still derive a key in this round, and those of this thread's call. */
static atomic_int derivations;
static _Thread_local int derived;

/* Bytes that mean something to the library. */
enum { PASSPHRASE, RECOVERY, PRIVATE, PUBLIC, SAVED, IMAGE, NOISE, SORTS };
typedef struct {
    char bytes[LONGEST];
    size_t length;
} known;
static known texts[SORTS];
static const char *const passphrases[] = {"right", "wrong", "third"};

static char paths[4][512];

/* A struct of the caller's with something behind it. */
#define ROOM(type)                   \
    union {                          \
        size_t size;                 \
        tenlock_##type value;        \
        unsigned char bytes[sizeof(tenlock_##type) + BEHIND]; \
    }

/* Arguments of one thread. */
typedef struct {
    ROOM(error) error;
    ROOM(create_options) create;
    ROOM(unlock_options) unlock;
    ROOM(slot_options) slot;
    ROOM(restore_options) restore;
    ROOM(label) label;
    ROOM(policy) policy;
    ROOM(progress) progress;
    ROOM(log_callback) log;
    ROOM(memory_callbacks) memory;
    ROOM(storage_callbacks) storage;
    ROOM(external_callbacks) external;
    union {
        size_t size;
        unsigned char bytes[sizeof(tenlock_error) + 2 * BEHIND];
    } facts;
    int facts_asked, error_whole;
    void *out[2];
    int out_kind[2], outs;
    const void *data;
    size_t length;
    void *fill;
    size_t fill_length;
    unsigned char bytes[FILL];
    tenlock_buffer buffers[3];
    const tenlock_slot_options *slots[2];
    const tenlock_credential *credentials[2];
    uint32_t numbers[2];
    uint64_t longs[2];
    tenlock_cost cost;
    const char *text;
    size_t text_length;
} arguments;

static uint32_t number(uint32_t below) {
    return roll(40) == 0 ? (roll(2) ? UINT32_MAX : roll(UINT32_MAX)) : roll(below);
}

static uint64_t offset(void) {
    switch (roll(24)) {
        case 0: return UINT64_MAX - roll(3);
        case 1: return PAYLOAD + roll(4096);
        case 2: return (uint64_t)1 << roll(64);
        default: return roll(PAYLOAD);
    }
}

/* A handle: as a rule of this kind and alive when it was taken. */
static void *handle(int kind) {
    switch (roll(60)) {
        case 0: return NULL;
        case 1: return pool[roll(KINDS)][roll(PLACES)];
        case 2: return (void *)(uintptr_t)(roll(2) ? roll(4096) : (uintptr_t)1 << (sizeof(void *) * 8 - 1) | roll(64));
        default: return pool[kind][roll(PLACES)];
    }
}

/* The passphrase of the volume that a round begins with. */
static void *_Atomic right;

/* A credential for a call that may derive a key: as a rule the right one. */
static void *derive(void) {
    if (atomic_fetch_sub(&derivations, 1) <= 0) return NULL;
    derived++;
    return roll(3) ? right : handle(CREDENTIAL);
}

/* A credential that is to be put in force, as a rule the same again. */
static void *renewed(void) {
    return roll(3) ? right : handle(CREDENTIAL);
}

/* Frees go by most of the time, or nothing would ever live. */
static void *doomed(int kind) {
    return roll(12) ? NULL : handle(kind);
}

static const char *path(void) {
    return roll(40) == 0 ? NULL : paths[roll(4)];
}

static const char *text(void) {
    static const char *const some[] = {NULL, "", "a", "B\xc3\xbcro", "right"};
    if (roll(60) == 0) return "\xff\xfe";
    if (roll(60) == 0) return "a name that is longer than a slot has room for";
    return some[roll(5)];
}

/* Sets the size of a struct that is filled in: whole, cut, impossible, larger. */
static void *sized(void *room, size_t whole) {
    size_t size = whole;
    unsigned char *bytes = (unsigned char *)room;
    memset(bytes + whole, 0, BEHIND);
    switch (roll(120)) {
        case 0: return NULL;
        case 1: size = 0; break;
        case 2: size = 3; break;
        case 3: size = SIZE_MAX; break;
        case 4: size = whole + BEHIND; break;
        case 5: size = whole + BEHIND, bytes[whole + roll(BEHIND)] = 1; break;
        case 6: size = sizeof(size_t) * (1 + roll((uint32_t)(whole / sizeof(size_t)))); break;
        default: break;
    }
    memcpy(room, &size, sizeof size);
    return room;
}

static void *error_of(arguments *a) {
    void *error;
    memset(a->error.bytes, 0, sizeof a->error);
    error = sized(&a->error, sizeof(tenlock_error));
    a->error_whole = error != NULL && a->error.size == sizeof(tenlock_error);
    return error;
}

/* A struct that the call fills; what lies behind it is watched. */
static void *facts(arguments *a, size_t whole) {
    void *room;
    memset(&a->facts, 0xa5, sizeof a->facts);
    room = sized(&a->facts, whole);
    memset(a->facts.bytes + whole, 0xa5, BEHIND);
    a->facts_asked = room != NULL;
    return room;
}

static void *out(arguments *a, int kind) {
    a->out[a->outs] = NULL;
    a->out_kind[a->outs] = kind;
    return roll(60) == 0 ? NULL : &a->out[a->outs++];
}

static void *or_null(void *place) {
    return roll(60) == 0 ? NULL : place;
}

/* Callbacks. */

static int32_t whim(void) {
    static const int32_t codes[] = {-EIO, TENLOCK_ERROR_CANCELLED, TENLOCK_ERROR_CANNOT_WRITE, TENLOCK_ERROR_BUSY,
                                    TENLOCK_ERROR_IO, TENLOCK_ERROR_UNSUPPORTED, 77, INT32_MIN, INT32_MAX, -1};
    return roll(256) == 0 ? codes[roll(10)] : 0;
}

typedef struct {
    pthread_mutex_t mutex;
    unsigned char *bytes;
    uint64_t length;
    int locked;
} memory;

static int32_t memory_length(void *context, uint64_t *length) {
    memory *self = (memory *)context;
    pthread_mutex_lock(&self->mutex);
    *length = self->length;
    pthread_mutex_unlock(&self->mutex);
    return whim();
}

static int32_t memory_copy(memory *self, uint64_t at, void *to, const void *from, size_t size) {
    int32_t result = -EINVAL;
    pthread_mutex_lock(&self->mutex);
    if (at <= self->length && size <= self->length - at) {
        result = 0;
        if (to != NULL) memcpy(to, self->bytes + at, size);
        else memcpy(self->bytes + at, from, size);
    }
    pthread_mutex_unlock(&self->mutex);
    return result ? result : whim();
}

static int32_t memory_read(void *context, uint64_t at, void *buffer, size_t size) {
    return memory_copy((memory *)context, at, buffer, NULL, size);
}

static int32_t memory_write(void *context, uint64_t at, const void *data, size_t size) {
    return memory_copy((memory *)context, at, NULL, data, size);
}

/* Calls the library from inside a call; what is in use is refused. */
static int32_t memory_flush(void *context) {
    uint64_t length;
    (void)context;
    if (roll(8) == 0) (void)tenlock_storage_length((tenlock_storage *)handle(STORAGE), NULL, &length);
    return whim();
}

static int32_t memory_set_length(void *context, uint64_t length) {
    memory *self = (memory *)context;
    int32_t result = whim();
    unsigned char *bytes = NULL;
    if (result != 0 || length > (16 << 20)) return result ? result : -ENOSPC;
    pthread_mutex_lock(&self->mutex);
    bytes = (unsigned char *)realloc(self->bytes, (size_t)length + 1);
    if (bytes != NULL && length > self->length) memset(bytes + self->length, 0, (size_t)(length - self->length));
    if (bytes != NULL) self->bytes = bytes, self->length = length;
    pthread_mutex_unlock(&self->mutex);
    return bytes == NULL ? -ENOMEM : 0;
}

static int32_t memory_discard(void *context, uint64_t at, uint64_t size) {
    (void)context, (void)at, (void)size;
    return whim();
}

static int32_t memory_lock(void *context) {
    memory *self = (memory *)context;
    int32_t result;
    pthread_mutex_lock(&self->mutex);
    result = self->locked ? TENLOCK_ERROR_BUSY : 0;
    self->locked = 1;
    pthread_mutex_unlock(&self->mutex);
    return result;
}

static int32_t memory_unlock(void *context) {
    memory *self = (memory *)context;
    pthread_mutex_lock(&self->mutex);
    self->locked = 0;
    pthread_mutex_unlock(&self->mutex);
    return whim();
}

/* Checkers see a context that is released twice or never. */
static void memory_release(void *context) {
    memory *self = (memory *)context;
    pthread_mutex_destroy(&self->mutex);
    free(self->bytes);
    free(self);
}

static int32_t report(void *context, uint32_t finished, uint32_t total) {
    uint64_t length;
    (void)context;
    check(finished <= total, "progress is a part of the whole", "report");
    if (roll(8) == 0) (void)tenlock_storage_length((tenlock_storage *)handle(STORAGE), NULL, &length);
    return roll(1000) == 0;
}

static void line(void *context, const char *words) {
    (void)context;
    check(strlen(words) > 0, "a notice has words", "line");
}

static int32_t recall(void *context, const uint8_t *id, uint32_t *is_known, tenlock_remembered *remembered) {
    (void)context, (void)id;
    *is_known = number(2);
    if (roll(4) == 0) memset(remembered, (int)roll(256), sizeof *remembered);
    return whim();
}

static int32_t remember(void *context, const uint8_t *id, const tenlock_remembered *seen) {
    (void)context, (void)id, (void)seen;
    return whim();
}

static int32_t forget(void *context, const uint8_t *id, uint32_t *is_known) {
    (void)context, (void)id;
    *is_known = number(2);
    return whim();
}

static int32_t respond(void *context, const tenlock_external_request *request, uint8_t *secret, size_t *length) {
    (void)context, (void)request;
    memset(secret, 7, 64);
    *length = roll(8) ? 32 : (roll(2) ? SIZE_MAX : roll(2000));
    return whim();
}

#endif
