/*
 * An excerpt of a header as a version before the first release could have had it: fewer members at the end of
 * structs, names and numbers as today. Programs were built with it; it is never changed.
 */

#ifndef TENLOCK_H
#define TENLOCK_H

#include <stddef.h>
#include <stdint.h>

#define TENLOCK_INIT(type) { .size = sizeof(type) }
#define TENLOCK_OK 0
#define TENLOCK_ERROR_WRONG_CREDENTIAL 3
#define TENLOCK_ERROR_BUSY 7
#define TENLOCK_ERROR_HANDLE 102

typedef int32_t tenlock_code;
typedef struct tenlock_storage tenlock_storage;
typedef struct tenlock_credential tenlock_credential;
typedef struct tenlock_locked tenlock_locked;
typedef struct tenlock_volume tenlock_volume;

/* Without discard, lock, unlock, release and block size. */
typedef struct {
    size_t size;
    void *context;
    int32_t (*length)(void *context, uint64_t *length);
    int32_t (*read)(void *context, uint64_t offset, void *buffer, size_t size);
    int32_t (*write)(void *context, uint64_t offset, const void *data, size_t size);
    int32_t (*flush)(void *context);
    int32_t (*set_length)(void *context, uint64_t length);
} tenlock_storage_callbacks;

/* Without the limit of attempts and the leave to overwrite. */
typedef struct {
    size_t size;
    const void *label;
    const void *policy;
    const void *progress;
    const void *log;
    const void *workers;
    const char *host;
    const char *agent;
    uint64_t payload_length;
    uint32_t sector_size;
    uint32_t kdf_memory_kib;
    uint32_t kdf_passes;
    uint32_t kdf_lanes;
} tenlock_create_options;

/* Without all that is about the memory of the host and the choice of a slot. */
typedef struct {
    size_t size;
    const void *progress;
    const void *log;
} tenlock_unlock_options;

/* Without slot, role and read_only. */
typedef struct {
    size_t size;
    uint64_t length;
} tenlock_volume_facts;

size_t tenlock_handle_count(void);
tenlock_code tenlock_storage_from_callbacks(const tenlock_storage_callbacks *callbacks, void *error,
                                            tenlock_storage **storage);
tenlock_code tenlock_storage_free(tenlock_storage *storage);
tenlock_code tenlock_credential_new(void *error, tenlock_credential **credential);
tenlock_code tenlock_credential_add_passphrase(tenlock_credential *credential, const void *passphrase,
                                               size_t length, void *error);
tenlock_code tenlock_credential_free(tenlock_credential *credential);
tenlock_code tenlock_create(const tenlock_storage *storage, const tenlock_credential *credential,
                            const tenlock_create_options *options, void *error, tenlock_volume **volume);
tenlock_code tenlock_unlock(tenlock_locked *locked, const tenlock_credential *credential,
                            const tenlock_unlock_options *options, void *error, tenlock_volume **volume);
tenlock_code tenlock_volume_describe(const tenlock_volume *volume, void *error, tenlock_volume_facts *facts);
tenlock_code tenlock_volume_read(const tenlock_volume *volume, uint64_t offset, void *error, void *buffer,
                                 size_t length);
tenlock_code tenlock_volume_write(const tenlock_volume *volume, uint64_t offset, const void *data, size_t length,
                                  void *error);
tenlock_code tenlock_volume_lock(tenlock_volume *volume, void *error, tenlock_locked **locked);

#endif
