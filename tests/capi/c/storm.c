/*
 * A storm: all exports in any order, from several threads, with right, wrong and impossible arguments and
 * callbacks that fail. No call may crash, return a code outside the list, or leave a handle behind.
 *
 * Usage: storm FOLDER ROUNDS CALLS DERIVATIONS [SEED]
 * Ends with 0 if all held. The seed fixes what each thread asks for, not how the threads meet.
 */

#define _POSIX_C_SOURCE 200809L

#include "storm_arguments.h"

#include <time.h>

enum { THREADS = 3, KEPT = 65536 };

typedef tenlock_code (*release_call)(void *handle);

#define RELEASE(name) \
    static tenlock_code release_##name(void *h) { return tenlock_##name##_free((tenlock_##name *)h); }
RELEASE(storage) RELEASE(credential) RELEASE(workers) RELEASE(locked) RELEASE(volume)
RELEASE(info) RELEASE(report) RELEASE(event_log) RELEASE(backup) RELEASE(text)

static const release_call release[KINDS] = {release_storage, release_credential, release_workers, release_locked,
                                            release_volume,  release_info,       release_report,  release_event_log,
                                            release_backup,  release_text};

/* Every handle that was given out in this round, so that none is forgotten. */
static struct {
    void *handle;
    int kind;
} kept[KEPT];
static atomic_uint kept_count;

static void keep(int kind, void *handle) {
    unsigned at = atomic_fetch_add(&kept_count, 1);
    check(at < KEPT, "there is room to keep all handles", "keep");
    kept[at].handle = handle;
    kept[at].kind = kind;
    /* The one that makes room is freed, unless another thread is using it. */
    (void)release[kind](atomic_exchange(&pool[kind][roll(PLACES)], handle));
}

static void *credentials_of(arguments *a) {
    a->credentials[0] = (tenlock_credential *)derive();
    a->credentials[1] = (tenlock_credential *)renewed();
    return or_null(a->credentials);
}

/* Structs of the caller's, filled by chance. */

static void *progress_of(arguments *a) {
    memset(&a->progress, 0, sizeof a->progress);
    a->progress.value.report = roll(16) ? report : NULL;
    return roll(4) ? sized(&a->progress, sizeof(tenlock_progress)) : NULL;
}

static void *log_of(arguments *a) {
    memset(&a->log, 0, sizeof a->log);
    a->log.value.line = roll(16) ? line : NULL;
    return roll(4) == 0 ? sized(&a->log, sizeof(tenlock_log_callback)) : NULL;
}

static void *memory_of(arguments *a) {
    memset(&a->memory, 0, sizeof a->memory);
    a->memory.value.recall = roll(32) ? recall : NULL;
    a->memory.value.remember = remember;
    a->memory.value.forget = forget;
    return roll(16) == 0 ? sized(&a->memory, sizeof(tenlock_memory_callbacks)) : NULL;
}

static void *label_of(arguments *a) {
    memset(&a->label, 0, sizeof a->label);
    a->label.value.label = text();
    a->label.value.hint = text();
    return sized(&a->label, sizeof(tenlock_label));
}

static void *policy_of(arguments *a) {
    tenlock_policy *policy = &a->policy.value;
    memset(&a->policy, 0, sizeof a->policy);
    policy->min_characters = roll(8) ? 0 : number(9);
    policy->min_strength_bits = roll(8) ? 0 : number(20);
    policy->not_the_label = number(2);
    policy->auto_lock_seconds = number(100);
    policy->required_roles = roll(8) ? 0 : number(64);
    return sized(&a->policy, sizeof(tenlock_policy));
}

/* The cheapest key derivation; too cheap now and then, never a dear one but by a cut struct. */
static void cost(uint32_t *memory_kib, uint32_t *passes, uint32_t *lanes) {
    *memory_kib = roll(32) ? 19456 : 8;
    *passes = roll(32) ? 2 : 1;
    *lanes = roll(32) ? 1 : 2;
}

static void *create_of(arguments *a) {
    tenlock_create_options *options = &a->create.value;
    memset(&a->create, 0, sizeof a->create);
    if (roll(4) == 0) options->label = (tenlock_label *)label_of(a);
    if (roll(4) == 0) options->policy = (tenlock_policy *)policy_of(a);
    options->progress = (tenlock_progress *)progress_of(a);
    options->log = (tenlock_log_callback *)log_of(a);
    options->workers = roll(4) ? NULL : (tenlock_workers *)handle(WORKERS);
    options->host = text();
    options->payload_length = roll(16) ? PAYLOAD : offset();
    options->sector_size = roll(16) ? (roll(2) ? 512 : 4096) : number(5000);
    cost(&options->kdf_memory_kib, &options->kdf_passes, &options->kdf_lanes);
    options->attempt_limit = number(11);
    options->overwrite = roll(16) != 0;
    return sized(options, sizeof *options);
}

static void *unlock_of(arguments *a) {
    tenlock_unlock_options *options = &a->unlock.value;
    memset(&a->unlock, 0, sizeof a->unlock);
    options->progress = (tenlock_progress *)progress_of(a);
    options->log = (tenlock_log_callback *)log_of(a);
    options->workers = roll(4) ? NULL : (tenlock_workers *)handle(WORKERS);
    options->host = text();
    options->memory_path = roll(16) ? NULL : path();
    options->memory = (tenlock_memory_callbacks *)memory_of(a);
    options->choice = roll(2) ? 0 : number(4);
    options->slot = number(4);
    options->role = number(6);
    options->accept_rollback = options->accept_lost_log = number(2);
    options->derivation_threads = roll(3);
    return sized(options, sizeof *options);
}

static void *slot_of(arguments *a) {
    tenlock_slot_options *options = &a->slot.value;
    memset(&a->slot, 0, sizeof a->slot);
    options->name = text();
    options->role = roll(3) ? 1 + roll(4) : number(6);
    options->has_index = roll(8) == 0;
    options->index = number(33);
    options->attempt_limit = roll(4) ? 0 : number(12);
    options->action = number(3);
    options->must_change = roll(8) == 0;
    options->read_only = roll(8) == 0;
    options->one_time = roll(8) == 0;
    options->last_attempt_reserved = roll(8) == 0;
    cost(&options->kdf_memory_kib, &options->kdf_passes, &options->kdf_lanes);
    return sized(options, sizeof *options);
}

static void *slots_of(arguments *a) {
    a->slots[0] = a->slots[1] = (tenlock_slot_options *)slot_of(a);
    return or_null(a->slots);
}

static void *restore_of(arguments *a) {
    memset(&a->restore, 0, sizeof a->restore);
    a->restore.value.agent = text();
    a->restore.value.memory = (tenlock_memory_callbacks *)memory_of(a);
    a->restore.value.allow_older = number(2);
    return sized(&a->restore, sizeof(tenlock_restore_options));
}

static void *buffers_of(arguments *a) {
    for (int at = 0; at < 3; at++) {
        a->buffers[at].data = a->bytes + at * (FILL / 4);
        a->buffers[at].length = roll(FILL / 4);
        if (roll(24) == 0) a->buffers[at].data = NULL;
        if (roll(24) == 0) a->buffers[at].length = SIZE_MAX - roll(2);
    }
    return or_null(a->buffers);
}

/* Contexts of our own are freed by `release`, or here where the call has not taken them. */

static tenlock_code from_callbacks(arguments *a, void *error, void *out_storage) {
    tenlock_storage_callbacks *table = &a->storage.value;
    memory *context = (memory *)calloc(1, sizeof *context);
    void *given;
    tenlock_code code;
    memset(&a->storage, 0, sizeof a->storage);
    pthread_mutex_init(&context->mutex, NULL);
    table->context = context;
    table->length = roll(32) ? memory_length : NULL;
    table->read = memory_read;
    table->write = roll(8) ? memory_write : NULL;
    table->flush = roll(32) ? memory_flush : NULL;
    table->set_length = roll(8) ? memory_set_length : NULL;
    table->discard = roll(2) ? memory_discard : NULL;
    table->lock = roll(2) ? memory_lock : NULL;
    table->unlock = roll(16) ? memory_unlock : NULL;
    table->release = memory_release;
    table->block_size = roll(8) ? 0 : number(8192);
    given = sized(table, sizeof *table);
    /* A table that is cut before `release` would leave the context with us for ever. */
    if (table->size < offsetof(tenlock_storage_callbacks, block_size)) given = NULL;
    code = tenlock_storage_from_callbacks((tenlock_storage_callbacks *)given, (tenlock_error *)error,
                                          (tenlock_storage **)out_storage);
    if (code != TENLOCK_OK) memory_release(context);
    return code;
}

static tenlock_code add_external(arguments *a, void *error) {
    tenlock_external_callbacks *table = &a->external.value;
    void *given;
    tenlock_code code;
    memset(&a->external, 0, sizeof a->external);
    table->context = malloc(1);
    table->provider = roll(8) ? "com.example.storm" : text();
    table->respond = roll(16) ? respond : NULL;
    table->release = free;
    given = sized(table, sizeof *table);
    if (table->size < sizeof *table) given = NULL;
    code = tenlock_credential_add_external((tenlock_credential *)handle(CREDENTIAL),
                                           (tenlock_external_callbacks *)given, roll(2) ? NULL : a->data,
                                           a->length, (tenlock_error *)error);
    if (code != TENLOCK_OK) free(table->context);
    return code;
}

static tenlock_code calibrate(void *error, void *found) {
    /* As dear as many others. */
    if (atomic_load(&derivations) < 20) found = NULL;
    else atomic_fetch_sub(&derivations, 5);
    return tenlock_calibrate(1, roll(2) ? 8 : 65536, (tenlock_error *)error, (tenlock_cost *)found);
}

/* Functions that cannot fail. */
static tenlock_code constants(void) {
    check(strlen(tenlock_version()) > 0, "there is a version", "version");
    check(tenlock_abi_version() == TENLOCK_ABI_VERSION, "the version is the header's", "abi_version");
    check(tenlock_features() != NULL, "there are features", "features");
    check(tenlock_code_name((int32_t)number(200)) != NULL, "any code has a name", "code_name");
    check(tenlock_code_text((int32_t)number(200)) != NULL, "any code has a text", "code_text");
    (void)tenlock_handle_count();
    return TENLOCK_OK;
}

/* What calls are made: name, sort of bytes that it wants, call. */
#define H(kind) handle(kind)
#define E error_of(a)
#define O(kind) out(a, kind)
#define F(type) facts(a, sizeof(tenlock_##type))
#define N(at) or_null(&a->numbers[at])
#define L(at) or_null(&a->longs[at])
#define CALLS(X)                                                                                           \
    X(constants, NOISE, constants())                                                                       \
    X(storage_open, NOISE, tenlock_storage_open(path(), number(3), E, O(STORAGE)))                         \
    X(storage_in_memory, IMAGE, tenlock_storage_in_memory(a->data, a->length, E, O(STORAGE)))              \
    X(storage_from_callbacks, NOISE, from_callbacks(a, E, O(STORAGE)))                                     \
    X(storage_length, NOISE, tenlock_storage_length(H(STORAGE), E, L(0)))                                  \
    X(storage_read, NOISE, tenlock_storage_read(H(STORAGE), offset(), E, a->fill, a->fill_length))         \
    X(storage_free, NOISE, tenlock_storage_free(doomed(STORAGE)))                                          \
    X(credential_new, NOISE, tenlock_credential_new(E, O(CREDENTIAL)))                                     \
    X(add_passphrase, PASSPHRASE, tenlock_credential_add_passphrase(H(CREDENTIAL), a->data, a->length, E)) \
    X(add_key_file, NOISE, tenlock_credential_add_key_file(H(CREDENTIAL), path(), E))                      \
    X(add_content, NOISE, tenlock_credential_add_key_file_content(H(CREDENTIAL), a->data, a->length, E))   \
    X(add_recovery, RECOVERY, tenlock_credential_add_recovery_key(H(CREDENTIAL), a->data, a->length, E))   \
    X(add_private, PRIVATE, tenlock_credential_add_private_key(H(CREDENTIAL), a->data, a->length, E))      \
    X(add_public, PUBLIC, tenlock_credential_add_public_key(H(CREDENTIAL), a->data, a->length, E))         \
    X(add_external, NOISE, add_external(a, E))                                                             \
    X(credential_free, NOISE, tenlock_credential_free(doomed(CREDENTIAL)))                                 \
    X(memory_forget, NOISE, tenlock_memory_forget(path(), or_null(a->bytes), E, N(0)))                     \
    X(workers_new, NOISE, tenlock_workers_new(number(4) % 4 ? 1 : UINT32_MAX - roll(2), E, O(WORKERS)))    \
    X(workers_free, NOISE, tenlock_workers_free(doomed(WORKERS)))                                          \
    X(create, NOISE, tenlock_create(H(STORAGE), derive(), create_of(a), E, O(VOLUME)))                     \
    X(create_slots, NOISE,                                                                                 \
      tenlock_create_with_slots(H(STORAGE), slots_of(a), credentials_of(a),                       \
                                roll(16) ? roll(3) : SIZE_MAX, create_of(a), E, O(VOLUME)))                \
    X(open, NOISE, tenlock_open(H(STORAGE), E, O(LOCKED)))                                                 \
    X(inspect, NOISE, tenlock_inspect(H(STORAGE), E, O(INFO)))                                             \
    X(locked_state, NOISE, tenlock_locked_state(H(LOCKED), E, N(0)))                                       \
    X(locked_info, NOISE, tenlock_locked_info(H(LOCKED), E, O(INFO)))                                      \
    X(locked_report, NOISE, tenlock_locked_report(H(LOCKED), E, O(REPORT)))                                \
    X(unlock, NOISE, tenlock_unlock(H(LOCKED), derive(), unlock_of(a), E, O(VOLUME)))                      \
    X(unlock_change, NOISE,                                                                                \
      tenlock_unlock_and_change(H(LOCKED), derive(), renewed(), unlock_of(a), E, O(VOLUME)))           \
    X(recover, NOISE,                                                                                      \
      tenlock_recover(H(LOCKED), H(CREDENTIAL), number(4), renewed(), unlock_of(a), E, O(VOLUME)))          \
    X(try, NOISE, tenlock_try(H(LOCKED), derive(), unlock_of(a), E, N(0), N(1)))                           \
    X(erase, NOISE, tenlock_erase(doomed(LOCKED), E))                                                      \
    X(repair, NOISE, tenlock_repair(H(LOCKED), E, O(TEXT)))                                                \
    X(locked_free, NOISE, tenlock_locked_free(doomed(LOCKED)))                                             \
    X(volume_describe, NOISE, tenlock_volume_describe(H(VOLUME), E, F(volume_facts)))                      \
    X(volume_read, NOISE, tenlock_volume_read(H(VOLUME), offset(), E, a->fill, a->fill_length))            \
    X(volume_write, NOISE, tenlock_volume_write(H(VOLUME), offset(), a->data, a->length, E))               \
    X(read_vectored, NOISE,                                                                                \
      tenlock_volume_read_vectored(H(VOLUME), offset(), E, buffers_of(a), roll(16) ? roll(4) : SIZE_MAX))  \
    X(write_vectored, NOISE,                                                                               \
      tenlock_volume_write_vectored(H(VOLUME), offset(), buffers_of(a), roll(16) ? roll(4) : SIZE_MAX, E)) \
    X(flush, NOISE, tenlock_volume_flush(H(VOLUME), E))                                                    \
    X(discard, NOISE, tenlock_volume_discard(H(VOLUME), offset(), offset(), E))                            \
    X(volume_info, NOISE, tenlock_volume_info(H(VOLUME), E, O(INFO)))                                      \
    X(notices, NOISE, tenlock_volume_take_notices(H(VOLUME), E, O(TEXT)))                                  \
    X(idle, NOISE, tenlock_volume_idle(H(VOLUME), E, L(0), L(1)))                                          \
    X(export_key, NOISE, tenlock_volume_export_key(H(VOLUME), E, a->fill, roll(2) ? 64 : a->fill_length))  \
    X(lock, NOISE, tenlock_volume_lock(roll(2) ? NULL : H(VOLUME), E, O(LOCKED)))                          \
    X(volume_free, NOISE, tenlock_volume_free(doomed(VOLUME)))                                             \
    X(add_slot, NOISE, tenlock_volume_add_slot(H(VOLUME), slot_of(a), derive(), progress_of(a), E, N(0)))  \
    X(remove_slot, NOISE, tenlock_volume_remove_slot(H(VOLUME), number(5), number(2), E))                  \
    X(change, NOISE, tenlock_volume_change_credential(H(VOLUME), derive(), slot_of(a), progress_of(a), E)) \
    X(reset_slot, NOISE,                                                                                   \
      tenlock_volume_reset_slot(H(VOLUME), number(4), derive(), slot_of(a), progress_of(a), E))            \
    X(set_lockout, NOISE, tenlock_volume_set_lockout(H(VOLUME), number(4), number(12), number(3), E))      \
    X(allow_last, NOISE, tenlock_volume_allow_last_attempt(H(VOLUME), number(4), E))                       \
    X(reserve_last, NOISE, tenlock_volume_reserve_last_attempt(H(VOLUME), number(4), E))                   \
    X(reset_attempts, NOISE, tenlock_volume_reset_attempts(H(VOLUME), number(4), E))                       \
    X(volume_policy, NOISE, tenlock_volume_policy(H(VOLUME), E, F(policy)))                                \
    X(set_policy, NOISE, tenlock_volume_set_policy(H(VOLUME), policy_of(a), E))                            \
    X(set_label, NOISE, tenlock_volume_set_label(H(VOLUME), label_of(a), E))                               \
    X(info_describe, NOISE, tenlock_info_describe(H(INFO), E, F(info_facts)))                              \
    X(info_slot, NOISE, tenlock_info_slot(H(INFO), number(4), E, F(slot_facts)))                           \
    X(info_policy, NOISE, tenlock_info_policy(H(INFO), E, F(policy)))                                      \
    X(info_label, NOISE, tenlock_info_label(H(INFO), number(8), E, O(TEXT)))                               \
    X(info_json, NOISE, tenlock_info_json(H(INFO), E, O(TEXT)))                                            \
    X(info_free, NOISE, tenlock_info_free(doomed(INFO)))                                                   \
    X(report_describe, NOISE, tenlock_report_describe(H(REPORT), E, F(report_facts)))                      \
    X(report_region, NOISE, tenlock_report_region(H(REPORT), number(4), E, F(region)))                     \
    X(report_json, NOISE, tenlock_report_json(H(REPORT), E, O(TEXT)))                                      \
    X(report_free, NOISE, tenlock_report_free(doomed(REPORT)))                                             \
    X(event_log, NOISE, tenlock_volume_event_log(H(VOLUME), E, O(LOG)))                                    \
    X(log_count, NOISE, tenlock_event_log_count(H(LOG), E, N(0), N(1)))                                    \
    X(log_entry, NOISE, tenlock_event_log_entry(H(LOG), number(4), E, F(event)))                           \
    X(log_json, NOISE, tenlock_event_log_json(H(LOG), E, O(TEXT)))                                         \
    X(log_free, NOISE, tenlock_event_log_free(doomed(LOG)))                                                \
    X(backup_header, PUBLIC, tenlock_volume_backup_header(H(VOLUME), a->data, a->length, E, O(TEXT)))      \
    X(backup_plain, NOISE, tenlock_volume_backup_header_plain_outlives_erase(H(VOLUME), E, O(TEXT)))       \
    X(backup_read, SAVED, tenlock_backup_read(a->data, a->length, E, O(BACKUP)))                           \
    X(backup_describe, NOISE, tenlock_backup_describe(H(BACKUP), E, F(backup_facts)))                      \
    X(restore, PRIVATE,                                                                                    \
      tenlock_restore_header(H(STORAGE), H(BACKUP), roll(2) ? NULL : a->data, roll(2) ? 0 : a->length,     \
                             restore_of(a), E, O(TEXT)))                                                   \
    X(check_header, NOISE, tenlock_check_header(H(STORAGE), E, O(TEXT)))                                   \
    X(backup_free, NOISE, tenlock_backup_free(doomed(BACKUP)))                                             \
    X(recovery_key, NOISE, tenlock_recovery_key_generate(E, O(TEXT), O(TEXT)))                             \
    X(private_key, NOISE, tenlock_private_key_generate(E, O(TEXT), O(TEXT)))                               \
    X(calibrate, NOISE, calibrate(E, or_null(&a->cost)))                                                   \
    X(strength, PASSPHRASE, tenlock_passphrase_strength(a->data, a->length, E, N(0)))                      \
    X(text_get, NOISE, tenlock_text_get(H(TEXT), E, or_null(&a->text), or_null(&a->text_length)))          \
    X(text_free, NOISE, tenlock_text_free(doomed(TEXT)))

#define CALL(name, sort, call) \
    static tenlock_code call_##name(arguments *a) { (void)a; return call; }
CALLS(CALL)

#define ENTRY(name, sort, call) {#name, sort, call_##name},
static const struct {
    const char *name;
    int sort;
    tenlock_code (*call)(arguments *a);
} calls[] = {CALLS(ENTRY)};
enum { COUNT = sizeof calls / sizeof calls[0] };

static atomic_ulong made, succeeded[COUNT];

#include "storm_rounds.h"
