/* Goal: a message arrives whole and unchanged, or the peer is refused. */
#include "gateway/msg.h"

#include "gateway/base/fdio.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct chan spooler, sealer;
static struct why why;

static void
setup(void)
{
	int fd[2];

	ck_assert_int_eq(msg_pair(fd, &why), GW_OK);
	spooler = (struct chan){ fd[0], ROLE_SPOOLER, ROLE_SEALER };
	sealer = (struct chan){ fd[1], ROLE_SEALER, ROLE_SPOOLER };
}

static void
teardown(void)
{
	fd_close(&spooler.fd);
	fd_close(&sealer.fd);
}

static int
memory_file(const char *text)
{
	int fd = memfd_create("t", 0);

	ck_assert_int_eq(fd_write_all(fd, text, strlen(text), &why), GW_OK);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
build_seal(struct msg *m, struct docid id, int in, int out)
{
	msg_begin(m, MSG_SEAL, 7);
	msg_put_docid(m, id);
	msg_put_text(m, "acme");
	msg_put_text(m, "invoices");
	msg_put_text(m, "a b.xml");
	msg_put_fd(m, in);
	msg_put_fd(m, out);
}

START_TEST(fields_and_descriptors_arrive)
{
	struct docid id = docid_new(), got;
	char partner[41], flow[41], name[201], text[8];
	int in = memory_file("plain"), out = memory_file("sealed"), fd;
	struct msg m;

	build_seal(&m, id, in, out);
	ck_assert_int_eq(msg_send(&spooler, &m, &why), GW_OK);
	ck_assert_int_eq(msg_recv(&sealer, &m, &why), GW_OK);
	ck_assert_int_eq(m.id, MSG_SEAL);
	ck_assert_uint_eq(m.ref, 7);
	got = msg_get_docid(&m);
	ck_assert_str_eq(got.text, id.text);
	msg_get_text(&m, partner, sizeof(partner));
	msg_get_text(&m, flow, sizeof(flow));
	msg_get_text(&m, name, sizeof(name));
	ck_assert_str_eq(name, "a b.xml");
	fd = msg_take_fd(&m);
	ck_assert(msg_done(&m));
	memset(text, 0, sizeof(text));
	ck_assert_int_eq(read(fd, text, 7), 5);
	ck_assert_str_eq(text, "plain");
	fd_close(&fd);
	fd_close(&in);
	fd_close(&out);
}
END_TEST

START_TEST(wrong_direction_is_refused)
{
	struct chan liar = { sealer.fd, ROLE_SPOOLER, ROLE_SEALER };
	struct msg m;
	struct docid id = docid_new();
	int fd = memory_file("x");

	/* A sealer may not order a sealing. */
	build_seal(&m, id, fd, fd);
	ck_assert_int_eq(msg_send(&liar, &m, &why), GW_OK);
	ck_assert_int_eq(msg_recv(&spooler, &m, &why), GW_REFUSED);
	fd_close(&fd);
}
END_TEST

START_TEST(every_cut_of_a_message_is_refused)
{
	uint8_t bytes[4096];
	struct msg m;
	ssize_t len;
	struct why none = { REASON_NONE, "" };
	unsigned bad = 0;

	/* What an inspector would answer, from its true bytes. */
	sealer.self = ROLE_INSPECTOR;
	msg_begin(&m, MSG_INSPECTED, 1);
	msg_put_status(&m, GW_OK);
	msg_put_why(&m, &none);
	ck_assert_int_eq(msg_send(&sealer, &m, &why), GW_OK);
	len = recv(spooler.fd, bytes, sizeof(bytes), 0);
	ck_assert_int_gt(len, 0);
	spooler.peer = ROLE_INSPECTOR;
	for (ssize_t n = 1; n < len; n++) {
		enum gw_status st;

		ck_assert_int_eq(send(sealer.fd, bytes, (size_t)n, 0), n);
		st = msg_recv(&spooler, &m, &why);
		if (st == GW_OK) {
			(void)msg_get_status(&m);
			msg_get_why(&m, &why);
			bad += msg_done(&m);
		}
	}
	ck_assert_uint_eq(bad, 0);
	/* And one byte too many. */
	bytes[len] = 0;
	ck_assert_int_eq(send(sealer.fd, bytes, (size_t)len + 1, 0), len + 1);
	ck_assert_int_eq(msg_recv(&spooler, &m, &why), GW_OK);
	(void)msg_get_status(&m);
	msg_get_why(&m, &why);
	ck_assert(!msg_done(&m));
}
END_TEST

START_TEST(foreign_descriptors_are_closed)
{
	/* INSPECTED carries none: one sent along must not stay open here. */
	struct why none = { REASON_NONE, "" };
	struct msg m;
	uint8_t bytes[512];
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct iovec iov;
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cm;
	int fd = memory_file("x"), before, after; /* lowest free number */
	ssize_t len;

	msg_begin(&m, MSG_INSPECTED, 1);
	msg_put_status(&m, GW_OK);
	msg_put_why(&m, &none);
	ck_assert_int_eq(msg_send(&sealer, &m, &why), GW_OK);
	len = recv(spooler.fd, bytes, sizeof(bytes), 0);
	iov = (struct iovec){ bytes, (size_t)len };
	memset(control, 0, sizeof(control));
	cm = CMSG_FIRSTHDR(&h);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(sealer.fd, &h, 0), len);
	spooler.peer = ROLE_INSPECTOR;
	before = dup(fd);
	ck_assert_int_eq(close(before), 0);
	ck_assert_int_eq(msg_recv(&spooler, &m, &why), GW_REFUSED);
	after = dup(fd);
	ck_assert_int_eq(after, before);
	fd_close(&after);
	fd_close(&fd);
}
END_TEST

START_TEST(noise_never_passes)
{
	unsigned passed = 0;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[64];
		size_t n = 1 + (size_t)(random() % 63);
		struct msg m;
		char a[41], b[41], c[201];

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)random();
		if (i % 2 == 0) { /* the right row, noise behind it */
			bytes[0] = 0;
			if (n > 1)
				bytes[1] = MSG_SEAL;
		}
		ck_assert_int_eq(send(spooler.fd, bytes, n, 0), (ssize_t)n);
		if (msg_recv(&sealer, &m, &why) != GW_OK)
			continue;
		(void)msg_get_docid(&m);
		msg_get_text(&m, a, sizeof(a));
		msg_get_text(&m, b, sizeof(b));
		msg_get_text(&m, c, sizeof(c));
		passed += msg_done(&m);
	}
	ck_assert_uint_eq(passed, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, fields_and_descriptors_arrive);
	tcase_add_test(t, wrong_direction_is_refused);
	tcase_add_test(t, every_cut_of_a_message_is_refused);
	tcase_add_test(t, foreign_descriptors_are_closed);
	tcase_add_test(t, noise_never_passes);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
