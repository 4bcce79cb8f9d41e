/* What both examples do with results: go on, or say what was wrong and end. */

#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#include "tenlock.h"

/* Ends the program unless the call returned `wanted`. A program of its own would return the code instead. */
static void expect(tenlock_code wanted, tenlock_code code, const tenlock_error *error, const char *what) {
    if (code == wanted) return;
    fprintf(stderr, "%s: %s instead of %s: %s\n", what, tenlock_code_name(code), tenlock_code_name(wanted),
            error == NULL ? tenlock_code_text(code) : error->text);
    exit(EXIT_FAILURE);
}

/* Ends the program unless the call succeeded. */
static void done(tenlock_code code, const tenlock_error *error, const char *what) {
    expect(TENLOCK_OK, code, error, what);
}

/* Ends the program unless `holds`. */
static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    exit(EXIT_FAILURE);
}

#endif
