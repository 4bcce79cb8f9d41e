/* One call of the storm and what must hold after it; rounds of many, each begun with a whole volume. */

/* Chooses the bytes that are passed in and the buffer that is to be filled. */
static void choose_bytes(arguments *a, int sort) {
    const known *from = &texts[roll(5) ? (uint32_t)sort : roll(SORTS)];
    a->data = from->bytes;
    a->length = from->length;
    if (sort == PASSPHRASE && roll(5)) {
        a->data = passphrases[roll(3)];
        a->length = 5;
    }
    if (roll(60) == 0) a->data = NULL;
    if (roll(60) == 0) a->length = roll(2) ? 0 : SIZE_MAX - roll(2);
    /* Shorter than it should be; never longer than it is. */
    if (roll(8) == 0 && a->length <= LONGEST) a->length = roll((uint32_t)a->length + 1);
    a->fill = roll(60) ? a->bytes : NULL;
    a->fill_length = roll(60) ? roll(FILL) : SIZE_MAX - roll(2);
}

/* What must hold after each call. */
static void examine(const arguments *a, tenlock_code code, const char *name) {
    check(strcmp(tenlock_code_name(code), "unknown") != 0, "the code is in the list", name);
    check(code != TENLOCK_ERROR_PANIC, "nothing panics", name);
    check(code != TENLOCK_ERROR_OTHER && code != TENLOCK_ERROR_USAGE, "no call returns a mere class", name);
    check(tenlock_code_class(code) <= TENLOCK_ERROR_CANCELLED, "the class is one of eleven", name);
    if (a->error_whole) {
        check(a->error.value.code == code, "the detail has the same code", name);
        check((a->error.value.text[0] == 0) == (code == TENLOCK_OK), "a failure has a text", name);
        check(memchr(a->error.value.text, 0, TENLOCK_ERROR_TEXT_SIZE) != NULL, "the text ends", name);
    }
    if (a->facts_asked) {
        size_t size = a->facts.size;
        int possible = size >= sizeof size && size <= sizeof a->facts;
        for (size_t at = possible ? size : sizeof size; at < sizeof a->facts; at++)
            check(a->facts.bytes[at] == 0xa5, "nothing is written behind a struct", name);
    }
}

/* Codes that come before any key is derived. */
static int costs_nothing(tenlock_code code) {
    static const tenlock_code early[] = {TENLOCK_ERROR_NULL_POINTER, TENLOCK_ERROR_STRUCT_SIZE, TENLOCK_ERROR_HANDLE,
                                         TENLOCK_ERROR_HANDLE_IN_USE, TENLOCK_ERROR_BUSY, TENLOCK_ERROR_ARGUMENT,
                                         TENLOCK_ERROR_BUFFER_SIZE, TENLOCK_ERROR_NOT_UTF8};
    for (size_t at = 0; at < sizeof early / sizeof early[0]; at++)
        if (code == early[at]) return 1;
    return 0;
}

static void call_one(arguments *a, uint32_t which) {
    tenlock_code code;
    a->outs = a->error_whole = a->facts_asked = derived = 0;
    choose_bytes(a, calls[which].sort);
    code = calls[which].call(a);
    examine(a, code, calls[which].name);
    if (costs_nothing(code)) atomic_fetch_add(&derivations, derived);
    for (int at = 0; at < a->outs; at++) {
        if (code == TENLOCK_OK) keep(a->out_kind[at], a->out[at]);
        else check(a->out[at] == NULL, "a call that fails gives no handle", calls[which].name);
    }
    atomic_fetch_add(&made, 1);
    if (code == TENLOCK_OK) atomic_fetch_add(&succeeded[which], 1);
}

typedef struct {
    uint64_t seed;
    unsigned long calls;
} orders;

static void *thread(void *given) {
    const orders *order = (const orders *)given;
    arguments *a = (arguments *)calloc(1, sizeof *a);
    random_state = order->seed;
    for (unsigned long at = 0; at < order->calls; at++) {
        if (roll(200) == 0) (void)remove(paths[roll(3)]);
        call_one(a, roll(COUNT));
    }
    free(a);
    return NULL;
}

/* What each round begins with. */

static void done(tenlock_code code, const char *what) {
    if (code == TENLOCK_OK) return;
    fprintf(stderr, "%s: %s\n", what, tenlock_code_name(code));
    exit(EXIT_FAILURE);
}

static void copy_and_free(tenlock_text *text, known *to) {
    const char *data;
    done(tenlock_text_get(text, NULL, &data, &to->length), "text");
    check(to->length <= LONGEST, "there is room for the text", "copy");
    memcpy(to->bytes, data, to->length);
    done(tenlock_text_free(text), "free text");
}

static void prepare(void) {
    tenlock_create_options options = TENLOCK_INIT(tenlock_create_options);
    tenlock_storage *storage;
    tenlock_credential *credential;
    tenlock_volume *volume;
    tenlock_text *one, *other;
    done(tenlock_recovery_key_generate(NULL, &one, &other), "recovery key");
    copy_and_free(one, &texts[RECOVERY]);
    copy_and_free(other, &texts[RECOVERY]);
    done(tenlock_private_key_generate(NULL, &one, &other), "private key");
    copy_and_free(one, &texts[PRIVATE]);
    copy_and_free(other, &texts[PUBLIC]);
    for (size_t at = 0; at < FILL; at++) texts[NOISE].bytes[at] = (char)roll(256);
    texts[NOISE].length = FILL;
    memcpy(texts[PASSPHRASE].bytes, "right", texts[PASSPHRASE].length = 5);
    done(tenlock_storage_in_memory(NULL, 0, NULL, &storage), "storage");
    done(tenlock_credential_new(NULL, &credential), "credential");
    done(tenlock_credential_add_passphrase(credential, "right", 5, NULL), "passphrase");
    options.payload_length = PAYLOAD;
    options.kdf_memory_kib = 19456;
    options.kdf_passes = 2;
    options.kdf_lanes = 1;
    done(tenlock_create(storage, credential, &options, NULL, &volume), "create");
    done(tenlock_storage_read(storage, 0, NULL, texts[IMAGE].bytes, texts[IMAGE].length = PAYLOAD + (2 << 20)), "image");
    done(tenlock_volume_backup_header_plain_outlives_erase(volume, NULL, &one), "backup");
    copy_and_free(one, &texts[SAVED]);
    keep(STORAGE, storage);
    keep(CREDENTIAL, credential);
    /* Not in the pool, so that nobody adds to it. */
    done(tenlock_credential_new(NULL, &credential), "credential");
    done(tenlock_credential_add_passphrase(credential, "right", 5, NULL), "passphrase");
    atomic_store(&right, credential);
    keep(VOLUME, volume);
}

static void key_file(const char *path) {
    FILE *file = fopen(path, "wb");
    check(file != NULL && fputs("a key file", file) >= 0 && fclose(file) == 0, "a file can be written", path);
}

/* Frees all that was ever given out: it is there, or was freed before. */
static void sweep(void) {
    done(tenlock_credential_free((tenlock_credential *)right), "free the credential");
    unsigned count = atomic_load(&kept_count);
    for (unsigned at = 0; at < count; at++) {
        tenlock_code code = release[kept[at].kind](kept[at].handle);
        check(code == TENLOCK_OK || code == TENLOCK_ERROR_HANDLE, "a handle is there or not", "sweep");
    }
    check(tenlock_handle_count() == 0, "no handle is left", "sweep");
    for (int kind = 0; kind < KINDS; kind++)
        for (int place = 0; place < PLACES; place++) atomic_store(&pool[kind][place], NULL);
    atomic_store(&kept_count, 0);
}

static void round_of(uint64_t seed, unsigned long count, int budget) {
    pthread_t threads[THREADS];
    orders order[THREADS];
    random_state = seed;
    prepare();
    atomic_store(&derivations, budget);
    for (int at = 0; at < THREADS; at++) {
        order[at].seed = seed * 31 + (uint64_t)at + 1;
        order[at].calls = count;
        check(pthread_create(&threads[at], NULL, thread, &order[at]) == 0, "a thread starts", "round");
    }
    for (int at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
    sweep();
}

int main(int count, char **words) {
    uint64_t seed;
    unsigned exercised = 0;
    if (count < 5) return EXIT_FAILURE;
    seed = count > 5 ? strtoull(words[5], NULL, 0) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    for (int at = 0; at < 4; at++) snprintf(paths[at], sizeof paths[at], "%s/file%d", words[1], at);
    key_file(paths[3]);
    for (unsigned long at = 0; at < strtoul(words[2], NULL, 0); at++)
        round_of(seed + at, strtoul(words[3], NULL, 0), atoi(words[4]));
    for (int at = 0; at < COUNT; at++) {
        if (succeeded[at] > 0) exercised++;
        else printf("never succeeded: %s\n", calls[at].name);
    }
    printf("%lu calls, %u of %d kinds succeeded\n", made, exercised, (int)COUNT);
    return EXIT_SUCCESS;
}
