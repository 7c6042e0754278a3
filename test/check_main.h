/* What every unit test file starts from: one suite, run under Check. Set
 * CK_FORK=no to debug. */
#ifndef TEST_CHECK_MAIN_H
#define TEST_CHECK_MAIN_H

#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Compares two runs of bytes and shows both where they differ. */
#define ck_assert_bytes(actual, actual_len, expected)                                          \
	do {                                                                                   \
		size_t ck_len_ = (actual_len);                                                 \
		const char *ck_exp_ = (expected);                                              \
		ck_assert_msg(ck_len_ == strlen(ck_exp_) &&                                    \
				      memcmp((actual) ? (actual) : "", ck_exp_, ck_len_) == 0, \
			      "got      %.*s\nexpected %s", (int)ck_len_,                      \
			      (actual) ? (actual) : "", ck_exp_);                              \
	} while (0)

/* Whether the public test suites are on this machine; a line says so where not. TESTDATA in
 * the environment (make test TESTDATA=DIR) names another folder than the usual one. A test
 * executable that has nothing else ends with TESTDATA_MISSING. */
enum { TESTDATA_MISSING = 77 };
static inline bool testdata_is_here(void)
{
	const char *given = getenv("TESTDATA"), *folder;

	if (given && *given)
		setenv("CHESTERFIELD_TESTDATA", given, 1);
	folder = getenv("CHESTERFIELD_TESTDATA");
	if (folder && access(folder, R_OK) == 0)
		return true;
	printf("SKIPPED: no public test data in %s\n", folder ? folder : "CHESTERFIELD_TESTDATA");
	return false;
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
