/* Goal: names from outside become safe names, and each document one flow. */
#include "gateway/route.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct doc doc;
static struct why why;

static void
setup(void)
{
	memset(&doc, 0, sizeof(doc));
	doc.id = docid_new();
}

static void
set_remote(const char *template, const char *name)
{
	char *text = strdup(template);
	struct config_flow flow = { .remote_name = text };

	strcpy(doc.flow, "invoices");
	snprintf(doc.name, sizeof(doc.name), "%s", name);
	route_remote_name(&flow, &doc);
	free(text);
}

START_TEST(template_is_filled_in)
{
	char want[DOC_FILE_SIZE];

	set_remote("{flow}-{name}.{id}.pgp", "a b.xml");
	snprintf(want, sizeof(want), "invoices-a b.xml.%s.pgp", doc.id.text);
	ck_assert_str_eq(doc.file, want);
}
END_TEST

START_TEST(template_cannot_fill_itself)
{
	set_remote("{name}.{id}.pgp", "{id}{flow}");
	ck_assert(strncmp(doc.file, "{id}{flow}.", 11) == 0);
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
	char name[NAME_MAX_BYTES + 1];
	struct why ignored;

	for (int i = 0; i < NAME_MAX_BYTES; i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	name[NAME_MAX_BYTES] = '\0';
	set_remote("{name}.{id}.a-rather-long-ending.pgp", name);
	ck_assert_uint_le(strlen(doc.file), NAME_MAX_BYTES);
	ck_assert(strstr(doc.file, doc.id.text) != NULL);
	ck_assert(name_check(doc.file, strcspn(doc.file, "."), &ignored));
}
END_TEST

START_TEST(inbound_name_prefers_the_inside)
{
	strcpy(doc.file, "outer.xml.pgp");
	route_inbound_name(&doc, "inner.xml");
	ck_assert_str_eq(doc.name, "inner.xml");
	route_inbound_name(&doc, NULL);
	ck_assert_str_eq(doc.name, "outer.xml");
	strcpy(doc.file, "UPPER.ASC");
	route_inbound_name(&doc, NULL);
	ck_assert_str_eq(doc.name, "UPPER");
}
END_TEST

START_TEST(inbound_name_is_never_dangerous)
{
	static const char *const bad[] = { "", "../etc/passwd", "/x", ".hidden",
		"-rf", "a/b", "a\nb", "\xff\xfe", "x.part", "a\x1b[31m" };

	strcpy(doc.file, "good.xml.pgp");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		route_inbound_name(&doc, bad[i]);
		ck_assert_str_eq(doc.name, "good.xml");
	}
	strcpy(doc.file, ".pgp");
	route_inbound_name(&doc, "../x");
	ck_assert_str_eq(doc.name, doc.id.text);
}
END_TEST

static struct config_partner *
partner(const char *first_match, const char *second_match)
{
	static struct config_partner p;
	static struct config_flow flow[3];
	static char *one[1], *two[1];

	memset(flow, 0, sizeof(flow));
	strcpy(flow[0].name, "orders");
	strcpy(flow[1].name, "rest");
	strcpy(flow[2].name, "outgoing");
	flow[0].direction = flow[1].direction = DOC_IN;
	flow[2].direction = DOC_OUT;
	one[0] = (char *)(uintptr_t)first_match;
	two[0] = (char *)(uintptr_t)second_match;
	flow[0].match = (struct config_list){ one, first_match != NULL };
	flow[1].match = (struct config_list){ two, second_match != NULL };
	p.flow = flow;
	p.flow_count = 3;
	return &p;
}

START_TEST(flow_by_signature_by_match_by_default)
{
	struct config_partner *p = partner("ORDERS_*", NULL);

	ck_assert_str_eq(route_flow(p, "rest", "ORDERS_1", &why)->name, "rest");
	ck_assert_str_eq(route_flow(p, "", "ORDERS_1", &why)->name, "orders");
	ck_assert_str_eq(route_flow(p, "", "x.csv", &why)->name, "rest");
	/* A flow that is not inbound, or not there, does not count. */
	ck_assert_str_eq(route_flow(p, "outgoing", "x", &why)->name, "rest");
	ck_assert_str_eq(route_flow(p, "nonsense", "x", &why)->name, "rest");
}
END_TEST

START_TEST(no_flow_and_two_flows_are_refused)
{
	ck_assert_ptr_null(route_flow(partner("A*", "B*"), "", "x.csv", &why));
	ck_assert_int_eq(why.reason, REASON_NO_FLOW);
	why.reason = REASON_NONE;
	ck_assert_ptr_null(route_flow(partner(NULL, NULL), "", "x.csv", &why));
	ck_assert_int_eq(why.reason, REASON_NO_FLOW);
}
END_TEST

START_TEST(largest_limit_counts_and_none_is_none)
{
	struct config_partner *p = partner("A*", "B*");

	p->flow[0].max_size = 10;
	p->flow[1].max_size = 20;
	ck_assert_uint_eq(route_max_size(p), 20);
	p->flow[0].max_size = 0;
	ck_assert_uint_eq(route_max_size(p), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("route");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, template_is_filled_in);
	tcase_add_test(t, template_cannot_fill_itself);
	tcase_add_test(t, long_names_are_cut_between_characters);
	tcase_add_test(t, inbound_name_prefers_the_inside);
	tcase_add_test(t, inbound_name_is_never_dangerous);
	tcase_add_test(t, flow_by_signature_by_match_by_default);
	tcase_add_test(t, no_flow_and_two_flows_are_refused);
	tcase_add_test(t, largest_limit_counts_and_none_is_none);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
