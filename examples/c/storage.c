/*
 * A volume on storage of the program's own, here a block of memory; for a backup product its repository.
 * Errors of the storage come out of the call that met them, and cancelling gives a charged attempt back.
 *
 * Usage: storage
 * Ends with 0 if all went as the comments say.
 */

#include <errno.h>
#include <string.h>

#include "expect.h"
#include "tenlock.h"

/*
 * The storage. Without workers the library calls it from the thread that calls the library, so that this one,
 * which has one thread, needs no mutex.
 */
typedef struct {
    unsigned char *bytes;
    uint64_t length;
    int locked;
    int released;
    /* What the next writes return, 0 to do their work. */
    int32_t write_result;
} memory;

static int32_t memory_length(void *context, uint64_t *length) {
    *length = ((memory *)context)->length;
    return 0;
}

/* The library stays within the length; a storage that checks finds its own mistakes. */
static int32_t memory_read(void *context, uint64_t offset, void *buffer, size_t size) {
    const memory *self = (const memory *)context;
    if (offset > self->length || size > self->length - offset) return -EINVAL;
    memcpy(buffer, self->bytes + offset, size);
    return 0;
}

static int32_t memory_write(void *context, uint64_t offset, const void *data, size_t size) {
    memory *self = (memory *)context;
    if (self->write_result != 0) return self->write_result;
    if (offset > self->length || size > self->length - offset) return -EINVAL;
    memcpy(self->bytes + offset, data, size);
    return 0;
}

/* A storage that can lose power must not return before all is on the medium. */
static int32_t memory_flush(void *context) {
    (void)context;
    return 0;
}

static int32_t memory_set_length(void *context, uint64_t length) {
    memory *self = (memory *)context;
    unsigned char *bytes;
    if (length == 0 || length > SIZE_MAX) return -EINVAL;
    bytes = (unsigned char *)realloc(self->bytes, (size_t)length);
    if (bytes == NULL) return -ENOMEM;
    if (length > self->length) memset(bytes + self->length, 0, (size_t)(length - self->length));
    self->bytes = bytes;
    self->length = length;
    return 0;
}

static int32_t memory_lock(void *context) {
    memory *self = (memory *)context;
    if (self->locked) return TENLOCK_ERROR_BUSY;
    self->locked = 1;
    return 0;
}

static int32_t memory_unlock(void *context) {
    ((memory *)context)->locked = 0;
    return 0;
}

static void memory_release(void *context) {
    memory *self = (memory *)context;
    free(self->bytes);
    self->bytes = NULL;
    self->released++;
}

static tenlock_storage *storage_on(memory *self) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_storage_callbacks callbacks = TENLOCK_INIT(tenlock_storage_callbacks);
    tenlock_storage *storage = NULL;
    callbacks.context = self;
    callbacks.length = memory_length;
    callbacks.read = memory_read;
    callbacks.write = memory_write;
    callbacks.flush = memory_flush;
    callbacks.set_length = memory_set_length;
    callbacks.lock = memory_lock;
    callbacks.unlock = memory_unlock;
    callbacks.release = memory_release;
    done(tenlock_storage_from_callbacks(&callbacks, &error, &storage), &error, "storage");
    return storage;
}

static tenlock_volume *create(const tenlock_storage *storage, const tenlock_credential *credential) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_create_options options = TENLOCK_INIT(tenlock_create_options);
    tenlock_volume *volume = NULL;
    options.payload_length = 64 << 10;
    options.kdf_memory_kib = 19456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    done(tenlock_create(storage, credential, &options, &error, &volume), &error, "create");
    return volume;
}

/* An error number of the storage arrives as such, and so does its wish to cancel. */
static void errors_come_through(memory *self, const tenlock_volume *volume) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    self->write_result = -ENOSPC;
    expect(TENLOCK_ERROR_IO, tenlock_volume_write(volume, 0, "x", 1, &error), &error, "write to a full storage");
    check(error.os_error == ENOSPC, "the error number is the storage's");
    self->write_result = TENLOCK_ERROR_CANCELLED;
    expect(TENLOCK_ERROR_CANCELLED, tenlock_volume_write(volume, 0, "x", 1, &error), &error, "cancelled write");
    self->write_result = 0;
    done(tenlock_volume_write(volume, 0, "x", 1, &error), &error, "write");
}

/* Called in the midst of the key derivation. */
static int32_t cancel(void *context, uint32_t finished, uint32_t total) {
    check(finished <= total, "progress is a part of the whole");
    (*(int *)context)++;
    return 1;
}

static uint32_t attempts_left(const tenlock_locked *locked) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_slot_facts slot = TENLOCK_INIT(tenlock_slot_facts);
    tenlock_info *info = NULL;
    done(tenlock_locked_info(locked, &error, &info), &error, "info");
    done(tenlock_info_slot(info, 0, &error, &slot), &error, "slot");
    done(tenlock_info_free(info), NULL, "free info");
    return slot.remaining;
}

/* An attempt is charged before the derivation starts; who cancels gets it back. */
static void cancelling_costs_no_attempt(tenlock_locked *locked, const tenlock_credential *credential) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_progress progress = TENLOCK_INIT(tenlock_progress);
    tenlock_unlock_options options = TENLOCK_INIT(tenlock_unlock_options);
    tenlock_volume *volume = NULL;
    int calls = 0;
    progress.context = &calls;
    progress.report = cancel;
    options.progress = &progress;
    expect(TENLOCK_ERROR_CANCELLED, tenlock_unlock(locked, credential, &options, &error, &volume), &error, "unlock");
    check(calls == 1, "after a cancel nothing more is reported");
    check(attempts_left(locked) == 10, "all attempts are left");
}

/* If the charge cannot be written no guess is made: the storage that refuses writes gives no free ones. */
static void no_attempt_without_its_charge(memory *self, tenlock_locked *locked, const tenlock_credential *right) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_volume *volume = NULL;
    self->write_result = TENLOCK_ERROR_CANNOT_WRITE;
    expect(TENLOCK_ERROR_CANNOT_WRITE, tenlock_unlock(locked, right, NULL, &error, &volume), &error, "unlock");
    self->write_result = 0;
    done(tenlock_unlock(locked, right, NULL, &error, &volume), &error, "unlock");
    done(tenlock_volume_lock(volume, &error, NULL), &error, "lock");
}

int main(void) {
    static const char passphrase[] = "correct horse battery staple";
    memory self = {NULL, 0, 0, 0, 0};
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_storage *storage = storage_on(&self);
    tenlock_credential *credential = NULL;
    tenlock_volume *volume;
    tenlock_locked *locked = NULL;
    tenlock_locked *second = NULL;

    done(tenlock_credential_new(&error, &credential), &error, "new credential");
    done(tenlock_credential_add_passphrase(credential, passphrase, strlen(passphrase), &error), &error, "add");
    volume = create(storage, credential);
    check(self.length == (64 << 10) + (2 << 20), "the storage is 2 MiB larger than the payload");
    check(self.locked, "an open volume holds the lock of its storage");
    expect(TENLOCK_ERROR_BUSY, tenlock_open(storage, &error, &second), &error, "open twice");
    errors_come_through(&self, volume);
    done(tenlock_volume_lock(volume, &error, &locked), &error, "lock");
    cancelling_costs_no_attempt(locked, credential);
    no_attempt_without_its_charge(&self, locked, credential);
    check(!self.locked, "a closed volume has given the lock back");
    check(self.released == 0, "the storage is in use until its handle is freed");
    done(tenlock_storage_free(storage), NULL, "free storage");
    check(self.released == 1, "then it is released, once");
    done(tenlock_credential_free(credential), NULL, "free credential");
    check(tenlock_handle_count() == 0, "no handle was forgotten");
    return 0;
}
