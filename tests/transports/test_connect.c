/* The right server and login are let through; any other key, a wrong login,
 * silence, garbage and a closed port each end in time with their reason. */
#include "tests/transports/sshd.h"

#include <check.h>

static struct sshd d;

static void
setup(void)
{
	sshd_start(&d, "", "");
}

static void
teardown(void)
{
	sshd_stop(&d);
}

struct attempt {
	enum gw_status st;
	struct ssh_facts facts;
	struct why why;
	int64_t ms;
};

static struct attempt
attempt(const char *const *pins, size_t count, const char *user,
    const char *identity, int timeout_ms)
{
	struct attempt a;
	struct ssh_link *link = NULL;
	struct ssh_target t = { .host = "127.0.0.1",
		.port = d.port,
		.user = user,
		.host_keys = pins,
		.host_key_count = count,
		.identity = identity,
		.timeout_ms = timeout_ms };

	a.ms = clock_mono_ms();
	a.st = ssh_dial("127.0.0.1", d.port, 5000, &t.fd, &a.why);
	if (a.st == GW_OK)
		a.st = ssh_link_open(&t, &link, &a.facts, &a.why);
	ck_assert_int_eq(t.fd, -1);
	ck_assert_int_eq(link != NULL, a.st == GW_OK);
	ssh_link_close(link);
	a.ms = clock_mono_ms() - a.ms;
	return a;
}

static struct attempt
with_pin(const char *pin)
{
	return attempt(&pin, 1, d.user, d.identity, 20000);
}

static struct attempt
with_identity(const char *file)
{
	const char *pin = d.host_key;
	char *text = text_of(file);
	struct attempt a = attempt(&pin, 1, d.user, text, 20000);

	free(text);
	return a;
}

START_TEST(good_login)
{
	struct attempt a = with_pin(d.host_key);

	ck_assert_msg(a.st == GW_OK, "%s", a.why.text);
	ck_assert_str_eq(a.facts.host_key, d.host_key);
	ck_assert_ptr_nonnull(strstr(a.facts.server, "OpenSSH"));
	ck_assert_ptr_nonnull(strstr(a.facts.cipher, "gcm"));
	ck_assert_ptr_nonnull(strstr(a.facts.kex, "25519"));
	ck_assert_str_eq(a.facts.mac, "implicit");
}
END_TEST

START_TEST(wrong_host_key_is_refused_with_both)
{
	static const char other[] =
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct attempt a = with_pin(other);

	ck_assert_int_eq(a.st, GW_REFUSED);
	ck_assert_int_eq(a.why.reason, REASON_HOST_KEY);
	ck_assert_ptr_nonnull(strstr(a.why.text, other));
	ck_assert_ptr_nonnull(strstr(a.why.text, d.host_key));
}
END_TEST

START_TEST(a_prefix_of_the_pin_is_no_pin)
{
	char cut[100];

	snprintf(cut, sizeof(cut), "%s", d.host_key);
	cut[strlen(cut) - 1] = '\0';
	ck_assert_int_eq(with_pin(cut).st, GW_REFUSED);
	snprintf(cut, sizeof(cut), "%sA", d.host_key);
	ck_assert_int_eq(with_pin(cut).st, GW_REFUSED);
}
END_TEST

START_TEST(no_pin_is_no_server)
{
	struct attempt a = attempt(NULL, 0, d.user, d.identity, 20000);

	ck_assert_int_eq(a.st, GW_REFUSED);
	ck_assert_int_eq(a.why.reason, REASON_HOST_KEY);
}
END_TEST

START_TEST(rotation_takes_either_pin)
{
	const char *pins[2] = {
		"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", d.host_key
	};

	ck_assert_int_eq(attempt(pins, 2, d.user, d.identity, 20000).st, GW_OK);
}
END_TEST

START_TEST(the_pinned_type_is_asked_for)
{
	char config[700], rsa[80], pin[100], path[300];

	sh("ssh-keygen -q -t rsa -b 2048 -N '' -f %s/host_rsa </dev/null",
	    d.dir);
	snprintf(path, sizeof(path), "%s/host_rsa.pub", d.dir);
	fingerprint(path, rsa);
	sshd_halt(&d);
	snprintf(config, sizeof(config), "HostKey %s/host\nHostKey %s/host_rsa",
	    d.dir, d.dir);
	sshd_run(&d, config, "");
	/* the same server shows either; without a type it is Ed25519 */
	snprintf(pin, sizeof(pin), "%s ssh-rsa", rsa);
	ck_assert_int_eq(with_pin(pin).st, GW_OK);
	ck_assert_int_eq(with_pin(d.host_key).st, GW_OK);
	ck_assert_int_eq(with_pin(rsa).st, GW_REFUSED);
}
END_TEST

START_TEST(login_with_each_kind_of_key)
{
	static const char *const kinds[] = { "-t rsa -b 3072",
		"-t rsa -b 3072 -m PEM", "-t ecdsa", "-t ed25519" };
	char path[300];
	struct attempt a;

	sh("ssh-keygen -q %s -N '' -f %s/id </dev/null && "
	   "cat %s/id.pub >> %s/authorized",
	    kinds[_i], d.dir, d.dir, d.dir);
	snprintf(path, sizeof(path), "%s/id", d.dir);
	a = with_identity(path);
	ck_assert_msg(a.st == GW_OK, "%s: %s", kinds[_i], a.why.text);
}
END_TEST

START_TEST(unknown_key_is_login_refused)
{
	char path[300];
	struct attempt a;

	sh("ssh-keygen -q -t ed25519 -N '' -f %s/id </dev/null", d.dir);
	snprintf(path, sizeof(path), "%s/id", d.dir);
	a = with_identity(path);
	ck_assert_int_eq(a.st, GW_REFUSED);
	ck_assert_int_eq(a.why.reason, REASON_LOGIN);
}
END_TEST

START_TEST(unknown_user_is_login_refused)
{
	const char *pin = d.host_key;
	struct attempt a = attempt(&pin, 1, "nobody-here", d.identity, 20000);

	ck_assert_int_eq(a.st, GW_REFUSED);
	ck_assert_int_eq(a.why.reason, REASON_LOGIN);
}
END_TEST

START_TEST(unreadable_identity_is_our_fault)
{
	const char *pin = d.host_key;
	struct attempt a;
	char path[300];

	a = attempt(&pin, 1, d.user, "not a key", 20000);
	ck_assert_int_eq(a.st, GW_REFUSED);
	ck_assert_int_eq(a.why.reason, REASON_KEY_UNUSABLE);
	/* with a passphrase: must not ask for it anywhere */
	sh("ssh-keygen -q -t ed25519 -N 'secret words' -f %s/id </dev/null",
	    d.dir);
	snprintf(path, sizeof(path), "%s/id", d.dir);
	ck_assert_int_eq(with_identity(path).why.reason, REASON_KEY_UNUSABLE);
	sh("ssh-keygen -q -t rsa -m PEM -N 'secret words' -f %s/id2 "
	   "</dev/null",
	    d.dir);
	snprintf(path, sizeof(path), "%s/id2", d.dir);
	ck_assert_int_eq(with_identity(path).why.reason, REASON_KEY_UNUSABLE);
}
END_TEST

START_TEST(weak_only_server_is_refused)
{
	static const char *const configs[] = { "Ciphers aes128-cbc,3des-cbc",
		"Ciphers chacha20-poly1305@openssh.com",
		"KexAlgorithms diffie-hellman-group14-sha256",
		"Ciphers aes256-ctr\nMACs hmac-sha1" };
	struct attempt a;

	sshd_halt(&d);
	sshd_run(&d, configs[_i], "");
	a = with_pin(d.host_key);
	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_msg(a.why.reason == REASON_PROTOCOL, "%s", a.why.text);
}
END_TEST

START_TEST(each_of_our_algorithms_works)
{
	static const char *const configs[] = { "Ciphers aes256-gcm@openssh.com",
		"Ciphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com",
		"Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com",
		"KexAlgorithms diffie-hellman-group16-sha512" };
	struct attempt a;

	sshd_halt(&d);
	sshd_run(&d, configs[_i], "");
	a = with_pin(d.host_key);
	ck_assert_msg(a.st == GW_OK, "%s", a.why.text);
}
END_TEST

START_TEST(closed_port_is_unreachable)
{
	struct attempt a;

	sshd_halt(&d);
	a = with_pin(d.host_key);
	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_int_eq(a.why.reason, REASON_UNREACHABLE);
}
END_TEST

START_TEST(unknown_host_is_unreachable)
{
	struct why why;
	int fd;

	ck_assert_int_eq(
	    ssh_dial("no.such.host.invalid", 22, 3000, &fd, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_UNREACHABLE);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(frozen_server_costs_its_timeout)
{
	const char *pin = d.host_key;
	struct attempt a;

	/* the kernel still accepts connections for it */
	signal_tree(d.pid, SIGSTOP);
	a = attempt(&pin, 1, d.user, d.identity, 400);
	signal_tree(d.pid, SIGCONT);
	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_int_eq(a.why.reason, REASON_UNREACHABLE);
	ck_assert_int_ge(a.ms, 390);
	ck_assert_int_lt(a.ms, 3000);
}
END_TEST

/* Another kind of server altogether: says `text` and closes, or waits. */
static struct attempt
against(const char *text, bool closes)
{
	struct attempt a;
	struct ssh_link *link = NULL;
	const char *pin = d.host_key;
	struct ssh_target t = { .host = "odd",
		.port = 1,
		.user = d.user,
		.host_keys = &pin,
		.host_key_count = 1,
		.identity = d.identity,
		.timeout_ms = 400 };
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	t.fd = s[0];
	NEED(write(s[1], text, strlen(text)) == (ssize_t)strlen(text));
	if (closes)
		fd_close(&s[1]);
	a.st = ssh_link_open(&t, &link, &a.facts, &a.why);
	ck_assert_ptr_null(link);
	fd_close(&s[1]);
	return a;
}

START_TEST(other_servers_are_not_mistaken)
{
	struct attempt a = against("", true);

	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_msg(a.why.reason == REASON_CONNECTION_LOST, "%s", a.why.text);
	a = against("HTTP/1.1 400 Bad Request\r\n\r\n", true);
	ck_assert_int_eq(a.st, GW_AGAIN);
	a = against("SSH-1.5-old\r\n", false);
	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_msg(a.why.reason == REASON_PROTOCOL, "%s", a.why.text);
	a = against(
	    "SSH-2.0-x\r\n\x7f\xff\xff\xff garbage garbage garbage", false);
	ck_assert_int_eq(a.st, GW_AGAIN);
	a = against("SSH-2.0-silent\r\n", false);
	ck_assert_int_eq(a.st, GW_AGAIN);
	ck_assert_int_eq(a.why.reason, REASON_UNREACHABLE);
}
END_TEST

START_TEST(server_without_sftp)
{
	struct sftp_client *c;
	struct ssh_link *link;
	struct ssh_facts facts;
	struct why why;

	sshd_halt(&d);
	sh("sed -i '/^Subsystem/d' %s/sshd_config", d.dir);
	sshd_exec(&d);
	ck_assert_int_eq(sshd_link(&d, &link, &facts, &why), GW_OK);
	ck_assert_int_eq(sftp_client_open(link, &c, &why), GW_AGAIN);
	ck_assert_msg(why.reason == REASON_PROTOCOL, "%s", why.text);
	ssh_link_close(link);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("connect");
	TCase *t = tcase_create("sshd");
	SRunner *r;
	struct why why;
	int failed;

	if (ssh_start(&why) != GW_OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, good_login);
	tcase_add_test(t, wrong_host_key_is_refused_with_both);
	tcase_add_test(t, a_prefix_of_the_pin_is_no_pin);
	tcase_add_test(t, no_pin_is_no_server);
	tcase_add_test(t, rotation_takes_either_pin);
	tcase_add_test(t, the_pinned_type_is_asked_for);
	tcase_add_loop_test(t, login_with_each_kind_of_key, 0, 4);
	tcase_add_test(t, unknown_key_is_login_refused);
	tcase_add_test(t, unknown_user_is_login_refused);
	tcase_add_test(t, unreadable_identity_is_our_fault);
	tcase_add_loop_test(t, weak_only_server_is_refused, 0, 4);
	tcase_add_loop_test(t, each_of_our_algorithms_works, 0, 4);
	tcase_add_test(t, closed_port_is_unreachable);
	tcase_add_test(t, unknown_host_is_unreachable);
	tcase_add_test(t, frozen_server_costs_its_timeout);
	tcase_add_test(t, other_servers_are_not_mistaken);
	tcase_add_test(t, server_without_sftp);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
