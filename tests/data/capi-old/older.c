/*
 * A program that was built with an older header: smaller options, a smaller table of callbacks, smaller facts.
 * What lies behind each of them is noise and none of the library's business. Ends with 0 if all held.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenlock.h"

enum { PAYLOAD = 64 << 10, HEADERS = 2 << 20, NOISE = 128 };

static unsigned char image[PAYLOAD + HEADERS];
static uint64_t image_length;

static int32_t length_of(void *context, uint64_t *length) {
    (void)context;
    *length = image_length;
    return 0;
}

static int32_t read_from(void *context, uint64_t offset, void *buffer, size_t size) {
    (void)context;
    memcpy(buffer, image + offset, size);
    return 0;
}

static int32_t write_to(void *context, uint64_t offset, const void *data, size_t size) {
    (void)context;
    memcpy(image + offset, data, size);
    return 0;
}

static int32_t flush(void *context) {
    (void)context;
    return 0;
}

static int32_t set_length(void *context, uint64_t length) {
    (void)context;
    if (length > sizeof image) return -1;
    image_length = length;
    return 0;
}

static void expect(tenlock_code wanted, tenlock_code code, const char *what) {
    if (code == wanted) return;
    fprintf(stderr, "%s: %d instead of %d\n", what, code, wanted);
    exit(EXIT_FAILURE);
}

static void check(int holds, const char *what) {
    if (!holds) fprintf(stderr, "does not hold: %s\n", what);
    if (!holds) exit(EXIT_FAILURE);
}

/* A struct of the older header, and what happens to lie behind it. */
#define BEFORE_NOISE(type) struct { type value; unsigned char noise[NOISE]; }

static tenlock_credential *passphrase(const char *text) {
    tenlock_credential *credential;
    expect(TENLOCK_OK, tenlock_credential_new(NULL, &credential), "new credential");
    expect(TENLOCK_OK, tenlock_credential_add_passphrase(credential, text, strlen(text), NULL), "passphrase");
    return credential;
}

static tenlock_storage *storage(void) {
    BEFORE_NOISE(tenlock_storage_callbacks) table;
    tenlock_storage *made;
    memset(&table, 0xff, sizeof table);
    table.value = (tenlock_storage_callbacks){sizeof table.value, NULL, length_of, read_from, write_to, flush, set_length};
    expect(TENLOCK_OK, tenlock_storage_from_callbacks(&table.value, NULL, &made), "storage");
    return made;
}

static tenlock_volume *create(const tenlock_storage *on, const tenlock_credential *right) {
    BEFORE_NOISE(tenlock_create_options) options;
    tenlock_create_options cheap = TENLOCK_INIT(tenlock_create_options);
    tenlock_volume *volume;
    memset(&options, 0xff, sizeof options);
    cheap.payload_length = PAYLOAD;
    cheap.kdf_memory_kib = 19456;
    cheap.kdf_passes = 2;
    cheap.kdf_lanes = 1;
    options.value = cheap;
    expect(TENLOCK_OK, tenlock_create(on, right, &options.value, NULL, &volume), "create");
    return volume;
}

static void facts_fit(const tenlock_volume *volume) {
    BEFORE_NOISE(tenlock_volume_facts) facts;
    memset(&facts, 0xff, sizeof facts);
    facts.value.size = sizeof facts.value;
    expect(TENLOCK_OK, tenlock_volume_describe(volume, NULL, &facts.value), "describe");
    check(facts.value.length == PAYLOAD, "the length is the payload's");
    for (int at = 0; at < NOISE; at++) check(facts.noise[at] == 0xff, "what lies behind is left alone");
}

int main(void) {
    BEFORE_NOISE(tenlock_unlock_options) options;
    tenlock_unlock_options older = TENLOCK_INIT(tenlock_unlock_options);
    tenlock_credential *right = passphrase("right"), *wrong = passphrase("wrong");
    tenlock_storage *on = storage();
    tenlock_volume *volume = create(on, right);
    tenlock_locked *locked;
    char found[4];
    memset(&options, 0xff, sizeof options);
    options.value = older;
    facts_fit(volume);
    expect(TENLOCK_OK, tenlock_volume_write(volume, 5, "data", 4, NULL), "write");
    expect(TENLOCK_OK, tenlock_volume_lock(volume, NULL, &locked), "lock");
    expect(TENLOCK_ERROR_WRONG_CREDENTIAL, tenlock_unlock(locked, wrong, &options.value, NULL, &volume), "wrong");
    expect(TENLOCK_OK, tenlock_unlock(locked, right, &options.value, NULL, &volume), "right");
    expect(TENLOCK_OK, tenlock_volume_read(volume, 5, NULL, found, 4), "read");
    check(memcmp(found, "data", 4) == 0, "what was written is read");
    expect(TENLOCK_OK, tenlock_volume_lock(volume, NULL, NULL), "lock");
    expect(TENLOCK_ERROR_HANDLE, tenlock_volume_lock(volume, NULL, NULL), "lock twice");
    expect(TENLOCK_OK, tenlock_storage_free(on), "free storage");
    expect(TENLOCK_OK, tenlock_credential_free(right), "free credential");
    expect(TENLOCK_OK, tenlock_credential_free(wrong), "free credential");
    check(tenlock_handle_count() == 0, "no handle is left");
    return 0;
}
