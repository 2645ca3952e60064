/* Goal: exactly the steps of the table in state.c are allowed, for each of
 * the 13 x 13 pairs in both directions, and no state is without its files. */
#include "spool/state.h"

#include "spool/layout.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Written down a second time, on purpose: a slip in the one is seen here. */
static const struct {
	enum doc_direction direction;
	const char *from;
	const char *to;
} allowed[] = {
	{ DOC_OUT, "claimed", "claimed sealed returned held" },
	{ DOC_OUT, "sealed", "sealed sending returned held" },
	{ DOC_OUT, "sending", "sending sent sealed returned held" },
	{ DOC_OUT, "sent", "sent closed" },
	{ DOC_OUT, "closed", "closed" },
	{ DOC_OUT, "returned", "returned" },
	{ DOC_OUT, "held", "held sealed claimed returned" },
	{ DOC_IN, "claimed",
	    "claimed landed unsealed passed quarantined duplicate" },
	{ DOC_IN, "landed", "landed unsealed passed quarantined duplicate" },
	{ DOC_IN, "unsealed", "unsealed passed landed quarantined duplicate" },
	{ DOC_IN, "passed", "passed delivered" },
	{ DOC_IN, "delivered", "delivered" },
	{ DOC_IN, "duplicate", "duplicate" },
	{ DOC_IN, "quarantined", "quarantined" },
};

static bool
in_list(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += n) {
		if ((at == list || at[-1] == ' ') &&
		    (at[n] == ' ' || at[n] == '\0'))
			return true;
	}
	return false;
}

static bool
expected(enum doc_direction direction, const char *from, const char *to)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].direction == direction &&
		    strcmp(allowed[i].from, from) == 0)
			return in_list(allowed[i].to, to);
	}
	return false;
}

START_TEST(test_steps)
{
	for (int way = DOC_OUT; way <= DOC_IN; way++) {
		for (unsigned a = 0; a < DOC_STATE_COUNT; a++) {
			for (unsigned b = 0; b < DOC_STATE_COUNT; b++) {
				const char *from = state_name(a);
				const char *to = state_name(b);

				ck_assert_msg(state_may_follow(way, a, b) ==
						  expected(way, from, to),
				    "%s: %s -> %s",
				    way == DOC_OUT ? "out" : "in", from, to);
			}
		}
	}
}
END_TEST

START_TEST(test_foreign_values)
{
	enum doc_state many = (enum doc_state)DOC_STATE_COUNT;
	enum doc_state wild = (enum doc_state)4711;

	ck_assert(!state_may_follow(DOC_OUT, many, DOC_CLAIMED));
	ck_assert(!state_may_follow(DOC_OUT, DOC_CLAIMED, many));
	ck_assert(!state_may_follow(DOC_IN, wild, wild));
	ck_assert(
	    !state_may_follow((enum doc_direction)2, DOC_CLAIMED, DOC_CLAIMED));
	ck_assert(!state_is_final(many));
	ck_assert_str_eq(state_name(wild), "unknown");
	ck_assert_uint_eq(state_allows(DOC_IN, wild), 0);
}
END_TEST

START_TEST(test_names)
{
	static const char *const bad[] = { "", "Claimed", "claimed ", "unknown",
		"clai" };
	enum doc_state state;

	for (unsigned i = 0; i < DOC_STATE_COUNT; i++) {
		ck_assert(state_parse(state_name(i), &state));
		ck_assert_uint_eq(state, i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!state_parse(bad[i], &state));
}
END_TEST

/* What is open keeps a file, what is final needs none but the archive's, and
 * the folders of one direction are never those of the other. */
START_TEST(test_files)
{
	const unsigned out =
	    1u << DIR_WORK | 1u << DIR_SEALED | 1u << DIR_ARCHIVE;
	const unsigned in = 1u << DIR_LANDED | 1u << DIR_PLAIN;

	for (int way = DOC_OUT; way <= DOC_IN; way++) {
		for (unsigned s = 0; s < DOC_STATE_COUNT; s++) {
			unsigned needs = state_needs(way, s);
			unsigned allows = state_allows(way, s);

			ck_assert_uint_eq(needs & ~allows, 0);
			ck_assert_uint_eq(
			    allows & (way == DOC_OUT ? in : out), 0);
			if (!state_may_follow(way, s, s))
				ck_assert_uint_eq(allows, 0);
			else
				ck_assert(needs != 0 || (state_is_final(s) &&
							    s != DOC_CLOSED));
		}
	}
	ck_assert(!state_is_final(DOC_HELD));
	ck_assert(!state_is_final(DOC_SENT));
	ck_assert(!state_is_final(DOC_PASSED));
	ck_assert(state_is_final(DOC_CLOSED));
	ck_assert(state_is_final(DOC_QUARANTINED));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("state");
	TCase *t = tcase_create("state");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_steps);
	tcase_add_test(t, test_foreign_values);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_files);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
