/* Goal: a role reads back exactly its share, and nothing from a broken one. */
#include "gateway/share.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char *
text(const char *s)
{
	return strdup(s);
}

static struct config_list
list_of(const char *one)
{
	struct config_list l = { malloc(sizeof(char *)), 1 };

	l.item[0] = text(one);
	return l;
}

static struct config *
example(void)
{
	struct config *cfg = calloc(1, sizeof(*cfg));
	struct config_partner *p = calloc(1, sizeof(*p));

	cfg->gateway_id = text("gw.example");
	cfg->spool = text("/s");
	cfg->state = text("/t");
	cfg->signing_key = text("ABCD");
	cfg->min_free = 123456789;
	cfg->workers = 3;
	cfg->partner = p;
	cfg->partner_count = 1;
	strcpy(p->name, "acme");
	p->retry_first_ms = 15000;
	p->send = calloc(1, sizeof(*p->send));
	p->send->host = text("h");
	p->send->port = 22;
	p->send->user = text("u");
	p->send->remote = text("");
	p->send->host_keys = list_of("SHA256:x");
	p->flow = calloc(1, sizeof(*p->flow));
	p->flow_count = 1;
	strcpy(p->flow->name, "orders");
	p->flow->direction = DOC_IN;
	p->flow->max_size = 77;
	p->flow->match = list_of("*.edi");
	p->flow->owner_count = 1;
	p->flow->owners[0] = 1000;
	return cfg;
}

START_TEST(config_survives_the_journey)
{
	struct config *cfg = example(), *got;
	struct buf b, view;

	buf_init(&b, SHARE_MAX);
	ck_assert(share_put_config(&b, cfg));
	buf_view(&view, b.data, b.len);
	got = share_get_config(&view);
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got->gateway_id, "gw.example");
	ck_assert_uint_eq(got->min_free, 123456789);
	ck_assert_uint_eq(got->partner_count, 1);
	ck_assert_str_eq(got->partner[0].send->host_keys.item[0], "SHA256:x");
	ck_assert_ptr_null(got->partner[0].collect);
	ck_assert_uint_eq(got->partner[0].flow[0].max_size, 77);
	ck_assert_uint_eq(got->partner[0].flow[0].owners[0], 1000);
	config_free(got);
	config_free(cfg);
	buf_free(&b);
}
END_TEST

START_TEST(every_cut_of_a_config_is_refused)
{
	struct config *cfg = example();
	struct buf b, view;

	buf_init(&b, SHARE_MAX);
	ck_assert(share_put_config(&b, cfg));
	for (size_t n = 0; n < b.len; n++) {
		buf_view(&view, b.data, n);
		ck_assert_ptr_null(share_get_config(&view));
	}
	buf_put_u8(&b, 0);
	buf_view(&view, b.data, b.len);
	ck_assert_ptr_null(share_get_config(&view));
	config_free(cfg);
	buf_free(&b);
}
END_TEST

START_TEST(secrets_survive_and_nothing_more_is_sent)
{
	struct buf key, pass, b, view;
	struct material m = { .secret = &key, .secret_count = 1 };
	struct share_secrets got;

	buf_init(&key, 100);
	buf_put_text(&key, "secret key");
	buf_init(&pass, 100);
	m.passphrase = pass;
	buf_init_secret(&b, SHARE_MAX);
	ck_assert(share_put_secrets(&b, &m));
	for (size_t n = 0; n < b.len; n++) {
		buf_view(&view, b.data, n);
		ck_assert(!share_get_secrets(&view, &got));
		share_free_secrets(&got);
	}
	buf_view(&view, b.data, b.len);
	ck_assert(share_get_secrets(&view, &got));
	ck_assert_uint_eq(got.count, 1);
	ck_assert(memcmp(got.key[0].data, "secret key", 10) == 0);
	share_free_secrets(&got);
	buf_free(&b);
	buf_free(&key);
}
END_TEST

/* What may be done towards a partner goes with each of its certificates. */
START_TEST(certificates_survive_with_what_is_agreed)
{
	struct config *cfg = example();
	struct buf bytes, b, view;
	struct material_partner partner = { .certificate = &bytes,
		.certificate_count = 1 };
	struct material m = { .partner = &partner, .partner_count = 1 };
	struct share_certificates got;

	buf_init(&bytes, 100);
	buf_put_text(&bytes, "certificate");
	buf_init(&m.own_certificate, 100);
	cfg->partner[0].aead = AEAD_LIBREPGP;
	cfg->partner[0].post_quantum = POST_QUANTUM_REQUIRE;
	buf_init(&b, SHARE_MAX);
	ck_assert(share_put_certificates(&b, cfg, &m));
	for (size_t n = 0; n < b.len; n++) {
		buf_view(&view, b.data, n);
		ck_assert(!share_get_certificates(&view, &got));
		share_free_certificates(&got);
	}
	buf_view(&view, b.data, b.len);
	ck_assert(share_get_certificates(&view, &got));
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.item[0].partner, "acme");
	ck_assert_int_eq(got.item[0].aead, AEAD_LIBREPGP);
	ck_assert_int_eq(got.item[0].post_quantum, POST_QUANTUM_REQUIRE);
	share_free_certificates(&got);
	/* A setting that nobody can have written. */
	buf_reset(&b);
	cfg->partner[0].post_quantum = POST_QUANTUM_REQUIRE + 1;
	ck_assert(share_put_certificates(&b, cfg, &m));
	buf_view(&view, b.data, b.len);
	ck_assert(!share_get_certificates(&view, &got));
	share_free_certificates(&got);
	config_free(cfg);
	buf_free(&b);
	buf_free(&bytes);
	buf_free(&m.own_certificate);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("share");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, config_survives_the_journey);
	tcase_add_test(t, every_cut_of_a_config_is_refused);
	tcase_add_test(t, secrets_survive_and_nothing_more_is_sent);
	tcase_add_test(t, certificates_survive_with_what_is_agreed);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
