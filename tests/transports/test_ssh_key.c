/* Goal: SSH keys that we make are what ssh-keygen says they are, and keys
 * that we must not use are refused. */
#include "transports/ssh_key.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/waybill-ssh-key-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/key", dir);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/key.pub", dir);
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* Run a command in the folder; its output is in `out`. */
static int
run(const char *command, char *out, size_t size)
{
	char line[512];
	FILE *p;
	size_t n;

	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	p = popen(line, "r");
	ck_assert_ptr_nonnull(p);
	n = fread(out, 1, size - 1, p);
	out[n] = '\0';
	return pclose(p);
}

static void
write_key(const struct buf *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/key", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fchmod(fileno(f), 0600), 0);
	ck_assert_uint_eq(fwrite(text->data, 1, text->len, f), text->len);
	ck_assert_int_eq(fclose(f), 0);
}

static size_t
read_key(char *out, size_t size)
{
	int rc = run("cat key", out, size);

	ck_assert_int_eq(rc, 0);
	return strlen(out);
}

START_TEST(test_made_key_is_openssh)
{
	struct why why = { 0 };
	struct buf text, line;
	struct ssh_key_facts facts;
	char out[1024];

	buf_init_secret(&text, 8192);
	buf_init(&line, 4096);
	ck_assert_int_eq(ssh_key_generate(&text, &why), GW_OK);
	ck_assert_int_eq(
	    ssh_key_describe(text.data, text.len, "acme", &facts, &line, &why),
	    GW_OK);
	ck_assert_str_eq(facts.type, "ssh-ed25519");
	write_key(&text);
	ck_assert_int_eq(run("ssh-keygen -lf key", out, sizeof(out)), 0);
	ck_assert_ptr_nonnull(strstr(out, facts.fingerprint));
	ck_assert_int_eq(run("ssh-keygen -yf key", out, sizeof(out)), 0);
	buf_put_u8(&line, 0);
	ck_assert_int_eq(strncmp(out, (char *)line.data, 80), 0);
	ck_assert_ptr_nonnull(strstr((char *)line.data, " acme"));
	buf_free(&line);
	buf_free(&text);
}
END_TEST

static const struct {
	const char *make;
	enum gw_status want;
} kinds[] = {
	{ "ssh-keygen -q -t ed25519 -N '' -f key", GW_OK },
	{ "ssh-keygen -q -t ecdsa -N '' -f key", GW_OK },
	{ "ssh-keygen -q -t rsa -b 3072 -N '' -f key", GW_OK },
	{ "ssh-keygen -q -t rsa -b 3072 -m PEM -N '' -f key", GW_OK },
	{ "ssh-keygen -q -t rsa -b 2048 -N '' -f key", GW_REFUSED },
	{ "ssh-keygen -q -t ed25519 -N secret1 -f key", GW_REFUSED },
	{ "ssh-keygen -q -t rsa -b 3072 -m PEM -N secret1 -f key", GW_REFUSED },
	{ "ssh-keygen -q -t ed25519 -N '' -f key && mv key.pub key",
	    GW_REFUSED },
	{ "echo hello > key", GW_REFUSED },
	{ ": > key", GW_REFUSED },
};

START_TEST(test_kinds)
{
	struct why why = { 0 };
	struct ssh_key_facts facts;
	char text[8192], out[64];
	size_t len;

	ck_assert_int_eq(run(kinds[_i].make, out, sizeof(out)), 0);
	len = read_key(text, sizeof(text));
	ck_assert_int_eq(ssh_key_describe(text, len, NULL, &facts, NULL, &why),
	    kinds[_i].want);
	if (kinds[_i].want != GW_OK)
		ck_assert_str_ne(why.text, "");
	/* The evil twin: cut in the middle. */
	ck_assert_int_ne(
	    ssh_key_describe(text, len / 2, NULL, &facts, NULL, &why), GW_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_key");
	TCase *t = tcase_create("ssh_key");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_made_key_is_openssh);
	tcase_add_loop_test(
	    t, test_kinds, 0, (int)(sizeof(kinds) / sizeof(kinds[0])));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
