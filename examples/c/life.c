/*
 * The life of a volume: it is made for an admin, a user and a recovery key, filled, opened by each of them,
 * and erased by guesses.
 *
 * Usage: life FILE
 * FILE must not exist. Ends with 0 if all went as the comments say.
 */

#include <string.h>

#include "expect.h"
#include "tenlock.h"

/* Real programs ask for passphrases, and wipe what they were typed into. */
static const char admin_passphrase[] = "correct horse battery staple";
static const char user_passphrase[] = "tail wags the cheerful dog";
static const char new_user_passphrase[] = "dog wags the cheerful tail";
static const char wrong_passphrase[] = "password1";
static const char message[] = "minutes of the meeting";

static tenlock_credential *passphrase(const char *text) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_credential *credential = NULL;
    done(tenlock_credential_new(&error, &credential), &error, "new credential");
    done(tenlock_credential_add_passphrase(credential, text, strlen(text), &error), &error, "add passphrase");
    return credential;
}

/* A new recovery key. A real program prints `words`, once. */
static tenlock_credential *recovery_key(void) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_text *text = NULL;
    tenlock_text *words = NULL;
    tenlock_credential *credential = NULL;
    const char *data = NULL;
    size_t length = 0;
    done(tenlock_recovery_key_generate(&error, &text, &words), &error, "generate recovery key");
    done(tenlock_text_get(words, &error, &data, &length), &error, "get words");
    done(tenlock_credential_new(&error, &credential), &error, "new credential");
    done(tenlock_credential_add_recovery_key(credential, data, length, &error), &error, "add recovery key");
    done(tenlock_text_free(text), NULL, "free text");
    done(tenlock_text_free(words), NULL, "free words");
    return credential;
}

static tenlock_locked *open_locked(const char *path) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_storage *storage = NULL;
    tenlock_locked *locked = NULL;
    done(tenlock_storage_open(path, TENLOCK_STORAGE_OPEN, &error, &storage), &error, "open file");
    done(tenlock_open(storage, &error, &locked), &error, "open volume");
    /* The volume keeps what it needs of it. */
    done(tenlock_storage_free(storage), NULL, "free storage");
    return locked;
}

/* A volume of 1 MiB with three slots. The cost is the least there is, so that the example is quick. */
static tenlock_volume *create(const char *path, const tenlock_credential *admin, const tenlock_credential *user,
                              const tenlock_credential *recovery) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_storage *storage = NULL;
    tenlock_volume *volume = NULL;
    tenlock_label label = TENLOCK_INIT(tenlock_label);
    tenlock_create_options options = TENLOCK_INIT(tenlock_create_options);
    tenlock_slot_options admin_slot = TENLOCK_INIT(tenlock_slot_options);
    tenlock_slot_options user_slot = TENLOCK_INIT(tenlock_slot_options);
    tenlock_slot_options recovery_slot = TENLOCK_INIT(tenlock_slot_options);
    const tenlock_slot_options *slots[] = {&admin_slot, &user_slot, &recovery_slot};
    const tenlock_credential *credentials[] = {admin, user, recovery};

    label.owner = "Example Ltd";
    options.label = &label;
    options.payload_length = 1 << 20;
    options.kdf_memory_kib = 19456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    admin_slot.role = TENLOCK_ROLE_ADMIN;
    admin_slot.attempt_limit = 3;
    user_slot.role = TENLOCK_ROLE_USER;
    user_slot.name = "Kim";
    recovery_slot.role = TENLOCK_ROLE_RECOVERY;

    done(tenlock_storage_open(path, TENLOCK_STORAGE_CREATE, &error, &storage), &error, "create file");
    done(tenlock_create_with_slots(storage, slots, credentials, 3, &options, &error, &volume), &error, "create");
    done(tenlock_storage_free(storage), NULL, "free storage");
    return volume;
}

/* Writes at an odd place, makes it durable and locks. */
static void fill_and_lock(tenlock_volume *volume) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    done(tenlock_volume_write(volume, 4000, message, sizeof message, &error), &error, "write");
    done(tenlock_volume_flush(volume, &error), &error, "flush");
    done(tenlock_volume_lock(volume, &error, NULL), &error, "lock");
}

static void check_content(const tenlock_volume *volume) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    char found[sizeof message];
    done(tenlock_volume_read(volume, 4000, &error, found, sizeof found), &error, "read");
    check(memcmp(found, message, sizeof found) == 0, "what was written is read");
    /* Beyond the end: refused as a whole, and the error says where. */
    expect(TENLOCK_ERROR_OUT_OF_RANGE, tenlock_volume_read(volume, (1 << 20) - 1, &error, found, 2), &error,
           "read beyond the end");
}

/* The user opens the volume, and may not do what is the admin's. */
static void unlock_as_user(const char *path, const tenlock_credential *user) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_volume_facts facts = TENLOCK_INIT(tenlock_volume_facts);
    tenlock_locked *locked = open_locked(path);
    tenlock_volume *volume = NULL;

    /* The only user's slot is the obvious one for a passphrase, never the admin's. */
    done(tenlock_unlock(locked, user, NULL, &error, &volume), &error, "unlock");
    done(tenlock_volume_describe(volume, &error, &facts), &error, "describe");
    check(facts.slot == 1 && facts.role == TENLOCK_ROLE_USER, "the user's slot is opened");
    check_content(volume);
    expect(TENLOCK_ERROR_NOT_PERMITTED, tenlock_volume_remove_slot(volume, 0, 0, &error), &error, "remove admin");
    done(tenlock_volume_lock(volume, &error, NULL), &error, "lock");
}

/* A user who has forgotten the passphrase gets a new one with the recovery key. */
static void recover_user(const char *path, const tenlock_credential *recovery) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_credential *fresh = passphrase(new_user_passphrase);
    tenlock_locked *locked = open_locked(path);
    tenlock_volume *volume = NULL;
    done(tenlock_recover(locked, recovery, TENLOCK_NO_SLOT, fresh, NULL, &error, &volume), &error, "recover");
    check_content(volume);
    done(tenlock_volume_lock(volume, &error, NULL), &error, "lock");
    done(tenlock_credential_free(fresh), NULL, "free credential");
}

static void print_report(const tenlock_locked *locked) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_report_facts facts = TENLOCK_INIT(tenlock_report_facts);
    tenlock_report *report = NULL;
    tenlock_text *json = NULL;
    const char *data = NULL;
    size_t length = 0;
    done(tenlock_locked_report(locked, &error, &report), &error, "report");
    done(tenlock_report_describe(report, &error, &facts), &error, "describe report");
    check(facts.verified == 1 && facts.cause == TENLOCK_CAUSE_ATTEMPTS_EXHAUSTED, "the key is gone, by guesses");
    done(tenlock_report_json(report, &error, &json), &error, "report as JSON");
    done(tenlock_text_get(json, &error, &data, &length), &error, "get JSON");
    printf("%s\n", data);
    done(tenlock_text_free(json), NULL, "free text");
    done(tenlock_report_free(report), NULL, "free report");
}

/* Three wrong passphrases: two are counted, the last one destroys the key; then the right one is too late. */
static void guess_until_erased(const char *path, const tenlock_credential *admin) {
    tenlock_error error = TENLOCK_INIT(tenlock_error);
    tenlock_unlock_options options = TENLOCK_INIT(tenlock_unlock_options);
    tenlock_credential *wrong = passphrase(wrong_passphrase);
    tenlock_locked *locked = open_locked(path);
    tenlock_volume *volume = NULL;
    uint32_t state = 0;
    int32_t left;

    options.choice = TENLOCK_CHOOSE_ROLE;
    options.role = TENLOCK_ROLE_ADMIN;
    for (left = 2; left > 0; left--) {
        expect(TENLOCK_ERROR_WRONG_CREDENTIAL, tenlock_unlock(locked, wrong, &options, &error, &volume), &error,
               "wrong passphrase");
        check(error.remaining == left && error.erases_volume == 1, "the error says what is at stake");
        printf("%s\n", error.text);
    }
    expect(TENLOCK_ERROR_ERASED, tenlock_unlock(locked, wrong, &options, &error, &volume), &error, "last one");
    expect(TENLOCK_ERROR_ERASED, tenlock_unlock(locked, admin, &options, &error, &volume), &error, "too late");
    check(volume == NULL, "an output handle is NULL after a failure");
    done(tenlock_locked_state(locked, &error, &state), &error, "state");
    check(state == TENLOCK_STATE_ERASED, "the volume is erased");
    print_report(locked);
    done(tenlock_locked_free(locked), NULL, "free locked volume");
    done(tenlock_credential_free(wrong), NULL, "free credential");
}

int main(int argc, char **argv) {
    tenlock_credential *admin, *user, *recovery;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    check(tenlock_abi_version() >= TENLOCK_ABI_VERSION, "the library is not older than the header");
    admin = passphrase(admin_passphrase);
    user = passphrase(user_passphrase);
    recovery = recovery_key();
    fill_and_lock(create(argv[1], admin, user, recovery));
    unlock_as_user(argv[1], user);
    recover_user(argv[1], recovery);
    guess_until_erased(argv[1], admin);
    done(tenlock_credential_free(recovery), NULL, "free credential");
    done(tenlock_credential_free(user), NULL, "free credential");
    done(tenlock_credential_free(admin), NULL, "free credential");
    check(tenlock_handle_count() == 0, "no handle was forgotten");
    return 0;
}
