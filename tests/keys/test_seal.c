/* tests/keys/test_seal.c - what we seal opens again, bit for bit, whatever
 * its size; and sealing fails when it must. */
#include "gateway/base/clock.h"
#include "tests/keys/party.h"
#include "keys/keys.h"
#include "keys/packets/second_thread.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct party alder, birch, cedar;
static struct trust *trust;

static void
setup(void)
{
	struct why why;

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	(void)second_thread_start();
	clock_fake((int64_t)NOW * 1000); /* keyholder looks at it */
	alder = party_new("Alder <edi@alder.example>", false);
	birch = party_new("Birch <edi@birch.example>", true);
	cedar = party_new("Cedar <edi@cedar.example>", false);
	trust = trust_new();
	party_trust(trust, "alder", &alder);
}

static void
teardown(void)
{
	trust_free(trust);
	party_free(&alder);
	party_free(&birch);
	party_free(&cedar);
}

/* Seal with q, open as birch; all that both sides report must agree. */
static void
round_trip(const struct seal_request *q, const uint8_t *data, size_t len)
{
	struct seal_result s = { 0 };
	struct buf msg = party_seal(q, data, len, &s), plain;
	struct unseal_result u;
	struct verify_result v;
	struct why why = { REASON_NONE, "" };
	uint8_t digest[32];
	enum gw_status st = party_open(&birch, trust, "alder", NOW + 60,
	    msg.data, msg.len, &u, &v, &plain, &why);

	ck_assert_msg(
	    st == GW_OK, "%zu: %s: %s", len, reason_code(why.reason), why.text);
	ck_assert_uint_eq(plain.len, len);
	ck_assert(len == 0 || memcmp(plain.data, data, len) == 0);
	ck_assert_uint_eq(s.plain_size, len);
	ck_assert_uint_eq(s.sealed_size, msg.len);
	ck_assert_uint_eq(u.sealed_size, msg.len);
	ck_assert_mem_eq(s.sealed_sha256, u.sealed_sha256, 32);
	ck_assert_mem_eq(s.plain_sha256, v.plain_sha256, 32);
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, data, len);
	ck_assert_mem_eq(digest, v.plain_sha256, 32);
	ck_assert(s.aead == u.aead);
	ck_assert(s.aead == (q->container != SEAL_SEIPD1));
	ck_assert_str_eq(s.signer, v.signing_key);
	ck_assert_str_eq(v.signer, cert_fingerprint(alder.cert));
	ck_assert_int_eq(v.signed_at, NOW);
	ck_assert_str_eq(v.message_id, "01HZX@alder.example");
	ck_assert_str_eq(v.flow, "orders");
	ck_assert_str_eq(v.sequence, "17");
	ck_assert_str_eq(u.name, q->name);
	ck_assert_uint_le(msg.len, len + 65536 + len / 500);
	unseal_result_free(&u);
	buf_free(&plain);
	buf_free(&msg);
}

START_TEST(every_size)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 65535, 252000, 252600,
		252900, 253000, 262143, 262144, 262145, 524288, 786432,
		5000001 };
	struct seal_request q = party_request(&alder, &birch);
	uint8_t *data = malloc(5000001);

	for (size_t i = 0; i < 5000001; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	for (int old = 0; old <= 1; old++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			q.container = old ? SEAL_SEIPD1 : SEAL_AUTO;
			round_trip(&q, data, sizes[i]);
		}
	free(data);
}
END_TEST

/* Small messages have one definite length and leave with one write, which a
 * pipe shows; the document itself comes through a pipe too. */
START_TEST(pipes)
{
	static const size_t sizes[] = { 0, 1, 65514, 65515, 65516, 65536,
		131072 - 21, 1000000 };
	struct seal_request q = party_request(&alder, &birch);
	uint8_t *data = calloc(1, 1000000);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct seal_result s = { 0 };
		struct unseal_result u;
		struct verify_result v;
		struct buf plain, msg;
		struct why why;
		int p[2], out = memfd_create("sealed", MFD_CLOEXEC);
		pid_t pid;

		ck_assert_int_eq(pipe(p), 0);
		if ((pid = fork()) == 0) {
			close(p[0]);
			_exit(fd_write_all(p[1], data, sizes[i], &why));
		}
		close(p[1]);
		ck_assert_msg(seal_stream(&q, p[0], out, &s, &why) == GW_OK,
		    "%s", why.text);
		close(p[0]);
		waitpid(pid, NULL, 0);
		msg = craft_content(out);
		close(out);
		ck_assert_msg(party_open(&birch, trust, "alder", NOW, msg.data,
				  msg.len, &u, &v, &plain, &why) == GW_OK,
		    "%zu: %s", sizes[i], why.text);
		ck_assert_uint_eq(plain.len, sizes[i]);
		ck_assert_mem_eq(s.plain_sha256, v.plain_sha256, 32);
		buf_free(&plain);
		buf_free(&msg);
		unseal_result_free(&u);
	}
	free(data);
}
END_TEST

/* AEAD only when everybody reads it; each recipient can open. */
START_TEST(recipients)
{
	const struct cert *both[] = { cedar.cert, birch.cert };
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s = { 0 };
	struct unseal_result u;
	struct verify_result v;
	struct why why;
	struct buf msg;

	q.recipients = both;
	q.recipient_count = 2;
	msg = party_seal(&q, "hello", 5, &s);
	ck_assert(!s.aead);
	ck_assert_int_eq(party_open(&birch, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_OK);
	unseal_result_free(&u);
	ck_assert_int_eq(party_open(&cedar, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_OK);
	unseal_result_free(&u);
	/* and the evil twin: who is no recipient cannot */
	ck_assert_int_eq(party_open(&alder, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_NOT_FOR_US);
	unseal_result_free(&u);
	buf_free(&msg);
}
END_TEST

/* Without notations and name. */
START_TEST(bare)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s = { 0 };
	struct unseal_result u;
	struct verify_result v;
	struct why why;
	struct buf msg;
	char longest[400];

	memset(longest, 'n', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	q.name = q.signing.message_id = q.signing.flow = NULL;
	q.signing.sequence = "";
	msg = party_seal(&q, "hello", 5, &s);
	ck_assert_int_eq(party_open(&birch, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_OK);
	ck_assert_str_eq(u.name, "");
	ck_assert_str_eq(v.message_id, "");
	ck_assert_str_eq(v.flow, "");
	ck_assert_str_eq(v.sequence, "");
	unseal_result_free(&u);
	buf_free(&msg);
	q.name = longest;
	msg = party_seal(&q, "hello", 5, &s);
	ck_assert_int_eq(party_open(&birch, trust, "alder", NOW, msg.data,
			     msg.len, &u, &v, NULL, &why),
	    GW_OK);
	ck_assert_uint_eq(strlen(u.name), 255);
	unseal_result_free(&u);
	buf_free(&msg);
}
END_TEST

static enum gw_status
seal_bytes(const struct seal_request *q, struct why *why)
{
	struct seal_result s = { 0 };
	int in = craft_file("hello", 5);
	int out = memfd_create("sealed", MFD_CLOEXEC);
	enum gw_status st = seal_stream(q, in, out, &s, why);

	close(in);
	close(out);
	return st;
}

static enum gw_status
sign_later(void *ctx, const char *fingerprint, int hash, const uint8_t *digest,
    size_t len, struct buf *out, struct why *why)
{
	(void)fingerprint;
	(void)hash;
	(void)digest;
	(void)len;
	(void)out;
	why_set(why, REASON_INTERNAL, "busy");
	return *(enum gw_status *)ctx;
}

/* Recipients and signers that cannot be used; a keyholder that will not. */
START_TEST(refusals)
{
	struct party old =
	    party_made(SECRET_ED25519, "Old", NOW - 1000, NOW - 10, false);
	struct seal_request q = party_request(&alder, &old);
	struct why why;
	enum gw_status busy = GW_AGAIN;

	ck_assert_int_eq(seal_bytes(&q, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_RECIPIENT_UNFIT);
	q = party_request(&old, &birch);
	ck_assert_int_eq(seal_bytes(&q, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	q = party_request(&alder, &birch);
	q.recipient_count = 0;
	ck_assert_int_eq(seal_bytes(&q, &why), GW_REFUSED);
	q = party_request(&alder, &birch);
	q.signing.sign_ctx = &cedar; /* has other keys than the signer's */
	ck_assert_int_eq(seal_bytes(&q, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	q.signing.sign = sign_later;
	q.signing.sign_ctx = &busy;
	ck_assert_int_eq(seal_bytes(&q, &why), GW_AGAIN);
	q = party_request(&alder, &birch);
	ck_assert_int_eq(seal_bytes(&q, &why), GW_OK);
	party_free(&old);
}
END_TEST

/* Disk full, and a file that is not as long as it says (as in /proc). */
START_TEST(trouble)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s = { 0 };
	struct why why;
	int in = craft_file("hello", 5), out = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(seal_stream(&q, in, out, &s, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_NO_SPACE);
	/* on the second thread as well */
	ck_assert_int_eq(ftruncate(in, 3000000), 0);
	for (int old = 0; old <= 1; old++) {
		q.container = old ? SEAL_SEIPD1 : SEAL_SEIPD2;
		ck_assert_int_eq(lseek(in, 0, SEEK_SET), 0);
		why.reason = REASON_NONE;
		ck_assert_int_eq(seal_stream(&q, in, out, &s, &why), GW_AGAIN);
		ck_assert_int_eq(why.reason, REASON_NO_SPACE);
	}
	close(in);
	close(out);
	in = open("/proc/self/status", O_RDONLY);
	out = memfd_create("sealed", MFD_CLOEXEC);
	ck_assert_int_eq(seal_stream(&q, in, out, &s, &why), GW_AGAIN);
	ck_assert_int_eq(why.reason, REASON_STILL_WRITTEN);
	close(in);
	close(out);
}
END_TEST

static long
peak_kib(void)
{
	struct rusage u;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss;
}

/* Memory does not grow with the document: 200 MiB through both ways. */
START_TEST(memory)
{
	struct seal_request q = party_request(&alder, &birch);
	struct seal_result s = { 0 };
	struct unseal_request uq = { .unwrap = party_unwrap,
		.unwrap_ctx = &birch };
	struct unseal_result u;
	struct why why;
	const char *tmp = getenv("TMPDIR");
	int in, out, null = open("/dev/null", O_WRONLY);
	long before = peak_kib();

	if (tmp == NULL)
		tmp = "/tmp";
	in = open(tmp, O_TMPFILE | O_RDWR, 0600);
	out = open(tmp, O_TMPFILE | O_RDWR, 0600);
	ck_assert(in >= 0 && out >= 0);
	ck_assert_int_eq(ftruncate(in, 200 << 20), 0);
	for (int old = 0; old <= 1; old++) {
		q.container = old ? SEAL_SEIPD1 : SEAL_AUTO;
		lseek(in, 0, SEEK_SET);
		lseek(out, 0, SEEK_SET);
		ck_assert_int_eq(ftruncate(out, 0), 0);
		ck_assert_int_eq(seal_stream(&q, in, out, &s, &why), GW_OK);
		lseek(out, 0, SEEK_SET);
		ck_assert_msg(unseal_stream(&uq, out, null, &u, &why) == GW_OK,
		    "%s", why.text);
		ck_assert_uint_eq(u.plain_size, 200 << 20);
		unseal_result_free(&u);
	}
	ck_assert_int_lt(peak_kib() - before, 12 * 1024);
	close(in);
	close(out);
	close(null);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seal");
	TCase *t = tcase_create("seal");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_size);
	tcase_add_test(t, pipes);
	tcase_add_test(t, recipients);
	tcase_add_test(t, bare);
	tcase_add_test(t, refusals);
	tcase_add_test(t, trouble);
	tcase_add_test(t, memory);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
