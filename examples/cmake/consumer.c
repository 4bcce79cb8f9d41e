/* Makes a volume in memory and opens it: enough for each layer of the library to be linked and run. */
#include <stdio.h>
#include <string.h>
#include <tenlock.h>

static const char PASSPHRASE[] = "correct horse battery staple";

static tenlock_code make_and_unlock(tenlock_error *error) {
    tenlock_create_options options = TENLOCK_INIT(tenlock_create_options);
    tenlock_storage *storage = NULL;
    tenlock_credential *credential = NULL;
    tenlock_volume *volume = NULL;
    tenlock_locked *locked = NULL;
    options.payload_length = 1 << 20;
    /* The least cost that there is; leave it out for the default. */
    options.kdf_memory_kib = 19456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    tenlock_code code = tenlock_storage_in_memory(NULL, 0, error, &storage);
    if (code == TENLOCK_OK) code = tenlock_credential_new(error, &credential);
    if (code == TENLOCK_OK)
        code = tenlock_credential_add_passphrase(credential, PASSPHRASE, strlen(PASSPHRASE), error);
    if (code == TENLOCK_OK) code = tenlock_create(storage, credential, &options, error, &volume);
    if (code == TENLOCK_OK) code = tenlock_volume_lock(volume, error, &locked);
    if (code == TENLOCK_OK) code = tenlock_unlock(locked, credential, NULL, error, &volume);
    tenlock_volume_free(volume);
    tenlock_locked_free(locked);
    tenlock_credential_free(credential);
    tenlock_storage_free(storage);
    return code;
}

int main(void) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_code code = make_and_unlock(&error);
    if (code != TENLOCK_OK) {
        fprintf(stderr, "%s: %s\n", tenlock_code_name(code), error.text);
        return tenlock_code_class(code);
    }
    printf("Tenlock %s\n", tenlock_version());
    return tenlock_handle_count() == 0 ? 0 : 1;
}
