/* A server that is long in syncing a large file is waited for, asleep. */
#include "tests/transports/fake.h"

#include "transports/sftp_send.h"

#include <poll.h>
#include <sys/mman.h>

#define SIZE        ((uint64_t)2 * 1024 * 1024) /* 0.5 s to settle */
#define PATIENCE_MS 100

/* Takes the file, and never answers its being closed. */
static void
take_and_fall_silent(ssh_channel ch, const void *arg)
{
	struct buf in, out;

	(void)arg;
	buf_init(&in, 1024 * 1024);
	buf_init(&out, 1024);
	for (;;) {
		uint8_t type;
		uint32_t id;

		fake_get(ch, &in);
		type = buf_get_u8(&in);
		id = buf_get_u32(&in);
		buf_reset(&out);
		if (type == SFTP_CLOSE)
			continue;
		buf_put_u8(&out, type == SFTP_INIT   ? SFTP_VERSION
				 : type == SFTP_OPEN ? SFTP_HANDLE
						     : SFTP_STATUS);
		buf_put_u32(&out, type == SFTP_INIT ? 3 : id);
		if (type == SFTP_OPEN) {
			buf_put_u32(&out, 1);
			buf_put_u8(&out, 'h');
		} else if (type != SFTP_INIT) {
			buf_put_u32(&out,
			    type == SFTP_WRITE ? SFTP_OK : SFTP_NO_SUCH_FILE);
		}
		fake_put(ch, &out);
	}
}

static void
on_done(void *ctx, enum gw_status st, const struct why *why)
{
	(void)why;
	*(enum gw_status *)ctx = st;
}

START_TEST(waiting_for_the_disk_over_there_costs_nothing)
{
	enum gw_status sent = GW_INTERNAL, st = GW_OK;
	struct sftp_send_job job = { .folder = "in",
		.temp_name = ".a.part",
		.final_name = "a",
		.size = SIZE,
		.done = on_done,
		.ctx = &sent };
	struct ssh_link *link = NULL;
	struct sftp_client *c = NULL;
	unsigned idle = 0;
	struct fake f;
	struct why why;

	job.fd = memfd_create("document", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(job.fd, SIZE), 0);
	fake_start(&f, take_and_fall_silent, NULL);
	ck_assert_int_eq(fake_link(&f, &link, &why), GW_OK);
	ck_assert_int_eq(sftp_client_open(link, &c, &why), GW_OK);
	ck_assert_int_eq(sftp_send_start(c, &job, &why), GW_OK);
	sftp_client_set_patience(c, PATIENCE_MS);
	while (st == GW_OK) {
		struct pollfd p = { sftp_client_fd(c), POLLIN, 0 };

		if (sftp_client_wants_write(c))
			p.events |= POLLOUT;
		idle += poll(&p, 1, sftp_client_timeout(c)) == 0;
		st = sftp_client_step(c, &why);
	}
	ck_assert_int_eq(st, GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_CONNECTION_LOST);
	ck_assert_int_eq(sent, GW_AGAIN);
	ck_assert_uint_le(idle, 20);
	sftp_client_close(c);
	ssh_link_close(link);
	fake_stop(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("settling");
	TCase *t = tcase_create("server");
	SRunner *r;
	struct why why;
	int failed;

	if (ssh_start(&why) != GW_OK) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	tcase_set_timeout(t, 30);
	tcase_add_test(t, waiting_for_the_disk_over_there_costs_nothing);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
