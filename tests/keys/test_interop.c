/* tests/keys/test_interop.c - messages go both ways between us and gpg, sqop
 * and the vectors of others; what they can make wrong is refused. */
#include "keys/packets/armor.h"
#include "keys/packets/body.h"
#include "keys/packets/dearmor.h"
#include "tests/keys/party.h"
#include "keys/keys.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

static char home[64]; /* of gpg, and of every file here */
static bool have_gpg, have_sqop;
static struct party ours;
static struct cert *gpg_cert, *rsa_cert, *sqop_cert;
static struct trust *trust;
static time_t now;

/* Run a shell command in `home`; its output goes to the file "log". */
__attribute__((format(printf, 1, 2))) static int
run(const char *fmt, ...)
{
	char command[2000], line[2200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(
	    line, sizeof(line), "cd %s && { %s; } >log 2>&1", home, command);
	return system(line);
}

#define GPG                                                                    \
	"GNUPGHOME=. gpg --batch --no-tty --yes --trust-model always "         \
	"--pinentry-mode loopback --passphrase '' "

static void
save(const char *name, const void *data, size_t len)
{
	char path[128];
	struct why why;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, data, len, &why), GW_OK);
	close(fd);
}

static bool
load_path(const char *path, struct buf *b)
{
	struct why why;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	buf_init(b, CRAFT_MAX);
	ck_assert_int_eq(fd_read_buf(fd, b, &why), GW_OK);
	close(fd);
	return true;
}

static struct buf
load(const char *name)
{
	char path[128];
	struct buf b;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	ck_assert_msg(load_path(path, &b), "no file %s", path);
	return b;
}

static void
need(int rc, const char *what)
{
	struct buf log;

	if (rc == 0)
		return;
	log = load("log");
	ck_abort_msg("%s failed: %.*s", what, (int)log.len, (char *)log.data);
}

static struct cert *
load_cert(const char *name)
{
	struct buf b = load(name);
	struct cert *c;
	struct why why;

	ck_assert_msg(cert_parse(b.data, b.len, &c, &why) == GW_OK, "%s: %s",
	    name, why.text);
	buf_free(&b);
	return c;
}

static void
make_ours(void)
{
	const char *id = "Ours <ours@example.org>";
	struct secret_params p = { .kind = SECRET_ED25519,
		.user_ids = &id,
		.user_id_count = 1,
		.created = now - 3600,
		.announce_seipd2 = true };
	struct buf text;
	struct why why;

	buf_init(&text, 1 << 20);
	ck_assert_msg(secret_generate(&p, &text, &ours.secret, &why) == GW_OK,
	    "%s", why.text);
	save("ours.key", text.data, text.len);
	ours.cert = secret_cert(ours.secret);
	buf_reset(&text);
	ck_assert_int_eq(cert_export(ours.cert, true, &text, &why), GW_OK);
	save("ours.asc", text.data, text.len);
	buf_free(&text);
}

static void
make_gpg(void)
{
	need(run("echo 'allow-loopback-pinentry' >gpg-agent.conf; " GPG
		 "--quick-generate-key gpg@example.org future-default "
		 "default never"),
	    "gpg key");
	need(run(GPG "--quick-generate-key rsa@example.org rsa3072 "
		     "default never && " GPG "--quick-add-key "
		     "$(" GPG "--with-colons -k rsa@example.org | "
		     "awk -F: '/^fpr/ {print $10; exit}') rsa3072 encr never"),
	    "rsa key");
	need(run(GPG "--import ours.asc"), "import of our certificate");
	need(run(GPG "--armor --output gpg.asc --export gpg@example.org && " GPG
		     "--output rsa.pgp --export rsa@example.org"),
	    "export");
	gpg_cert = load_cert("gpg.asc");
	rsa_cert = load_cert("rsa.pgp");
}

static void
make_sqop(void)
{
	need(run("sqop generate-key sqop@example.org >sqop.key && "
		 "sqop extract-cert <sqop.key >sqop.asc"),
	    "sqop key");
	sqop_cert = load_cert("sqop.asc");
}

static void
add_trust(const char *partner, const char *name)
{
	struct why why;

	ck_assert_msg(trust_add(trust, partner, load_cert(name), &why) == GW_OK,
	    "%s", why.text);
}

static void
setup(void)
{
	struct why why;
	const char *tmp = getenv("TMPDIR");

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	snprintf(
	    home, sizeof(home), "%.40s/wbXXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert(mkdtemp(home) != NULL);
	now = time(NULL);
	trust = trust_new();
	have_gpg = run("gpg --version") == 0;
	have_sqop = run("sqop version") == 0;
	make_ours();
	if (have_gpg) {
		make_gpg();
		add_trust("gpg", "gpg.asc");
		add_trust("rsa", "rsa.pgp");
	}
	if (have_sqop) {
		make_sqop();
		add_trust("sqop", "sqop.asc");
	}
	now = time(NULL); /* their keys are born already */
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
teardown(void)
{
	if (have_gpg)
		(void)run("gpgconf --homedir %s --kill all", home);
	cert_free(gpg_cert);
	cert_free(rsa_cert);
	cert_free(sqop_cert);
	trust_free(trust);
	party_free(&ours);
	nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
write_document(size_t len)
{
	uint8_t *data = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	save("plain", data, len);
	free(data);
}

static void
seal_for(const struct cert *to, bool old)
{
	struct seal_request q = { .recipients = &to,
		.recipient_count = 1,
		.name = "invoice 1.xml",
		.container = old ? SEAL_SEIPD1 : SEAL_AUTO,
		.signing = { .signers = &ours.cert,
		    .signer_count = 1,
		    .message_id = "01HZX@ours.example",
		    .flow = "invoices",
		    .when = now,
		    .sign = party_sign,
		    .sign_ctx = &ours } };
	struct seal_result r;
	struct buf plain = load("plain"),
		   msg = party_seal(&q, plain.data, plain.len, &r);

	save("sealed", msg.data, msg.len);
	buf_free(&msg);
	buf_free(&plain);
}

/* Open what others made, as delivered by that partner. */
static enum gw_status
open_sealed(const char *partner, struct why *why)
{
	struct buf msg = load("sealed"), expect = load("plain"), plain;
	struct unseal_result u;
	struct verify_result v;
	enum gw_status st = party_open(&ours, trust, partner, now + 5, msg.data,
	    msg.len, &u, &v, &plain, why);

	if (st == GW_OK) {
		ck_assert_uint_eq(plain.len, expect.len);
		ck_assert(plain.len == 0 ||
			  memcmp(plain.data, expect.data, plain.len) == 0);
	}
	unseal_result_free(&u);
	buf_free(&plain);
	buf_free(&expect);
	buf_free(&msg);
	return st;
}

static void
opens(const char *partner, const char *what)
{
	struct why why = { REASON_NONE, "" };

	ck_assert_msg(open_sealed(partner, &why) == GW_OK, "%s: %s: %s", what,
	    reason_code(why.reason), why.text);
}

static void
refused(const char *partner, enum gw_reason reason, const char *what)
{
	struct why why = { REASON_NONE, "" };
	enum gw_status st = open_sealed(partner, &why);

	ck_assert_msg(st == GW_REFUSED && why.reason == reason, "%s: %s %s: %s",
	    what, gw_status_name(st), reason_code(why.reason), why.text);
}

static const size_t lengths[] = { 0, 1, 4096, 262144, 524288, 3000000 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* gpg decrypts and verifies what we make, for both of its keys. */
START_TEST(ours_to_gpg)
{
	if (!have_gpg)
		return;
	for (size_t i = 0; i < 2 * LENGTHS; i++) {
		write_document(lengths[i / 2]);
		seal_for(i % 2 ? gpg_cert : rsa_cert, false);
		need(run(GPG "--status-fd 1 --output opened --decrypt sealed "
			     "&& cmp opened plain"),
		    "gpg --decrypt");
		need(run(GPG "--status-fd 1 --output opened --decrypt sealed "
			     "| grep -c -e 'GNUPG:. GOODSIG' "
			     "-e 'GNUPG:. VALIDSIG' -e 'GNUPG:. GOODMDC' "
			     "-e 'PLAINTEXT 62 [0-9]* invoice%%201.xml' | "
			     "grep -x 4"),
		    "gpg's verdict");
	}
}
END_TEST

/* The ways in which a partner's script may call gpg. */
START_TEST(gpg_to_ours)
{
	static const char *const ways[] = {
		"-r ours@example.org",
		"--armor -r ours@example.org",
		"-z 0 -r ours@example.org",
		"--compress-algo zlib -r ours@example.org",
		"--compress-algo bzip2 -r ours@example.org",
		"--set-filename 'x \"y\".edi' -r ours@example.org",
		"-r gpg@example.org -r ours@example.org",
		"-R ours@example.org",
		"-R gpg@example.org -R rsa@example.org -R ours@example.org",
		"--throw-keyids -r ours@example.org",
		"--digest-algo SHA512 -r ours@example.org",
		"--digest-algo SHA384 -r ours@example.org",
		"--cipher-algo AES128 -r ours@example.org",
		"--cipher-algo AES192 -r ours@example.org",
		"--rfc4880 -r ours@example.org",
		"--sig-notation note@example.org=x -r ours@example.org",
		"-u gpg@example.org -u rsa@example.org -r ours@example.org",
		"--comment 'a: b' --armor -r ours@example.org",
	};

	if (!have_gpg)
		return;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool rsa = i % 3 == 1;

		write_document(i * 40000);
		need(run(GPG "-u %s@example.org --output sealed %s --sign "
			     "--encrypt plain",
			 rsa ? "rsa" : "gpg", ways[i]),
		    ways[i]);
		opens(rsa ? "rsa" : "gpg", ways[i]);
	}
	/* From a pipe gpg does not know the size. */
	for (size_t i = 0; i < LENGTHS; i++) {
		write_document(lengths[i]);
		need(run(GPG "-u gpg@example.org -r ours@example.org -se "
			     "<plain >sealed"),
		    "gpg in a pipe");
		opens("gpg", "gpg in a pipe");
	}
}
END_TEST

/* Text mode: gpg sends CR LF and a signature over text. */
START_TEST(gpg_text)
{
	if (!have_gpg)
		return;
	need(run("printf 'one\\ntwo \\n\\nlast' >lines && printf "
		 "'one\\r\\ntwo \\r\\n\\r\\nlast' >plain && " GPG
		 "-u gpg@example.org -r ours@example.org --textmode "
		 "--output sealed -se lines"),
	    "gpg --textmode");
	opens("gpg", "text mode");
}
END_TEST

/* What gpg can make that must not pass. */
START_TEST(gpg_wrong)
{
	static const struct {
		const char *way, *partner;
		enum gw_reason reason;
	} wrong[] = {
		{ "-r ours@example.org --encrypt", "gpg", REASON_UNSIGNED },
		{ "--sign", "gpg", REASON_NOT_ENCRYPTED },
		{ "--clearsign", "gpg", REASON_NOT_ENCRYPTED },
		{ "--store", "gpg", REASON_NOT_ENCRYPTED },
		{ "--armor --detach-sign", "gpg", REASON_MALFORMED },
		{ "--armor --export", "gpg", REASON_MALFORMED },
		{ "--passphrase x --symmetric", "gpg", REASON_NOT_FOR_US },
		{ "-r rsa@example.org -se", "gpg", REASON_NOT_FOR_US },
		{ "-r ours@example.org -se", "rsa", REASON_SIGNER_OTHER },
		{ "-r ours@example.org -se", "nobody", REASON_SIGNER_OTHER },
		{ "--weak-digest MD5 --digest-algo SHA1 -r ours@example.org "
		  "-se",
		    "gpg", REASON_WEAK },
		{ "--cipher-algo 3DES -r ours@example.org -se", "gpg",
		    REASON_DAMAGED },
	};

	if (!have_gpg)
		return;
	write_document(500);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		bool file = strstr(wrong[i].way, "export") == NULL;

		need(run(GPG "-u gpg@example.org --output sealed %s %s",
			 wrong[i].way, file ? "plain" : ""),
		    wrong[i].way);
		refused(wrong[i].partner, wrong[i].reason, wrong[i].way);
	}
	/* Bytes behind a good message, binary and armored. */
	need(run(GPG "-u gpg@example.org --output sealed "
		     "-r ours@example.org -se plain && echo >>sealed"),
	    "gpg");
	refused("gpg", REASON_MALFORMED, "a byte behind");
	need(run(GPG "-u gpg@example.org --output sealed -a "
		     "-r ours@example.org -se plain && cat sealed sealed >x "
		     "&& mv x sealed"),
	    "gpg");
	refused("gpg", REASON_MALFORMED, "twice");
}
END_TEST

START_TEST(sqop_both_ways)
{
	if (!have_sqop)
		return;
	for (size_t i = 0; i < LENGTHS; i++) {
		write_document(lengths[i]);
		seal_for(sqop_cert, true);
		need(run("sqop decrypt --verifications-out=verified%zu "
			 "--verify-with=ours.asc sqop.key <sealed >opened && "
			 "cmp opened plain && test -s verified%zu",
			 i, i),
		    "sqop decrypt");
		need(run("sqop encrypt --sign-with=sqop.key ours.asc <plain "
			 ">sealed"),
		    "sqop encrypt");
		opens("sqop", "sqop encrypt");
	}
}
END_TEST

static const char *
vectors(void)
{
	const char *shared = getenv("WAYBILL_SHARED");
	static char path[256];

	snprintf(path, sizeof(path), "%s/vectors",
	    shared != NULL ? shared : "../shared");
	return access(path, R_OK) == 0 ? path : NULL;
}

static bool
load_vector(const char *name, struct buf *b)
{
	char path[400];

	if (vectors() == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/%s", vectors(), name);
	return load_path(path, b);
}

static struct {
	uint8_t key[16];
} rfc;

static enum gw_status
rfc_unwrap(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *key, struct why *why)
{
	(void)ctx;
	(void)pkesk;
	(void)len;
	(void)seipd;
	(void)algorithm;
	(void)why;
	buf_put(key, rfc.key, sizeof(rfc.key));
	return GW_OK;
}

/* RFC 9580, A.8 to A.11: version 2 in EAX, OCB, by the session keys that the
 * RFC prints. */
START_TEST(rfc9580)
{
	static const struct {
		const char *file, *key;
	} samples[] = {
		{ "rnp/RFC9580/A.9.5.v6_skesk_eax.asc",
		    "3881bafe985412459b86c36f98cb9a5e" },
		{ "rnp/RFC9580/A.10.5.v6_skesk_ocb.asc",
		    "28e79ab82397d3c63de24ac217d7b791" },
		{ "rnp/RFC9580/A.8.5-v6pkesk-v2seipd",
		    "dd708f6fa1ed65114d68d2343e7c2f1d" },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct buf text, msg, raw, plain;
		struct source_fd file;
		struct source *bare;
		enum dearmor_block block;
		struct unseal_request q = { .unwrap = rfc_unwrap };
		struct unseal_result r;
		struct why why;
		uint8_t bytes[1000];
		size_t len;
		int in, out = memfd_create("plain", MFD_CLOEXEC);

		if (!load_vector(samples[i].file, &text))
			return;
		ck_assert(hex_parse(samples[i].key, rfc.key, 16));
		in = craft_file(text.data, text.len);
		ck_assert_int_eq(source_fd_open(&file, in, false, &why), GW_OK);
		ck_assert_int_eq(dearmor_begin(&file.src, &block, &why), GW_OK);
		ck_assert_int_eq(
		    dearmor_open(&file.src, block, file.hint, &bare, &why),
		    GW_OK);
		ck_assert_int_eq(
		    source_read(bare, bytes, sizeof(bytes), &len, &why), GW_OK);
		/* A PKESK of ours in front: the SKESKs are read over. */
		buf_init(&msg, 2000);
		craft_pkesk(&msg, 6, CRAFT_OURS);
		buf_view(&raw, bytes, len);
		buf_put(&msg, raw.data, raw.len);
		dearmor_close(bare);
		source_fd_close(&file);
		close(in);
		in = craft_file(msg.data, msg.len);
		ck_assert_msg(unseal_stream(&q, in, out, &r, &why) == GW_OK,
		    "%s: %s", samples[i].file, why.text);
		plain = craft_content(out);
		ck_assert_uint_eq(plain.len, 13);
		ck_assert_mem_eq(plain.data, "Hello, world!", 13);
		ck_assert(r.aead);
		unseal_result_free(&r);
		buf_free(&plain);
		buf_free(&msg);
		buf_free(&text);
		close(in);
		close(out);
	}
}
END_TEST

/* rnp's samples of partial lengths, wrapped in our encryption. */
START_TEST(partial_lengths)
{
	static const struct {
		const char *file;
		enum gw_reason reason; /* REASON_NONE: opens */
	} samples[] = {
		{ "rnp/test_partial_length/message.txt.partial-zero-last",
		    REASON_NONE },
		{ "rnp/test_partial_length/message.txt.partial-256",
		    REASON_MALFORMED },
		{ "rnp/test_partial_length/message.txt.partial-signed",
		    REASON_MALFORMED },
		{ "rnp/test_partial_length/message.txt.partial-1g",
		    REASON_TOO_LARGE },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct buf inside, msg;
		struct unseal_result r;
		struct why why = { REASON_NONE, "" };
		enum gw_status st;

		if (!load_vector(samples[i].file, &inside))
			return;
		msg = craft_encrypt(&inside, true);
		st = craft_unseal(msg.data, msg.len, 0, &r, NULL, &why);
		ck_assert_msg(
		    (st == GW_OK) == (samples[i].reason == REASON_NONE) &&
			why.reason == samples[i].reason,
		    "%s: %s %s", samples[i].file, reason_code(why.reason),
		    why.text);
		unseal_result_free(&r);
		buf_free(&msg);
		buf_free(&inside);
	}
}
END_TEST

/* A detached signature of the interoperability suite by its "bob". */
static enum gw_status
check_bob(const char *sig, const void *data, size_t len, struct why *why)
{
	struct buf text, cert_text, packets;
	struct cert *bob;
	struct trust *t = trust_new();
	const char *own = "";
	struct verify_request q = { .trust = t,
		.partner = "bob",
		.own_fingerprints = &own,
		.own_count = 1,
		.plain_size = len,
		.when = now };
	struct verify_result r;
	enum gw_status st;
	int fd = craft_file(data, len);

	ck_assert(
	    load_vector("interop-suite/data/certificates/bob.pgp", &cert_text));
	ck_assert(load_vector(sig, &text));
	buf_init(&packets, 65536);
	ck_assert_int_eq(
	    cert_parse(cert_text.data, cert_text.len, &bob, why), GW_OK);
	ck_assert_int_eq(trust_add(t, "bob", bob, why), GW_OK);
	if (armor_looks(text.data, text.len))
		ck_assert_int_eq(armor_read(ARMOR_SIGNATURE, text.data,
				     text.len, &packets, why),
		    GW_OK);
	else
		buf_put(&packets, text.data, text.len);
	q.signatures = packets.data;
	q.signatures_len = packets.len;
	st = verify_document(&q, fd, &r, why);
	close(fd);
	trust_free(t);
	buf_free(&packets);
	buf_free(&text);
	buf_free(&cert_text);
	return st;
}

/* RSA signatures whose number is shorter than the key are right all the same;
 * the two PDFs with one SHA-1 digest are refused for that digest. */
START_TEST(interop_suite)
{
	static const int bits[] = { 3048, 3053, 3054, 3055, 3056, 3058, 3059,
		3061, 3062, 3063, 3064, 3065, 3067, 3068, 3070, 3071, 3072 };
	static const char hello[] = "Hello World :)";
	struct why why = { REASON_NONE, "" };
	char name[80];

	if (vectors() == NULL)
		return;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		snprintf(name, sizeof(name),
		    "interop-suite/data/short-rsa-sigs/%d-bit.sig", bits[i]);
		ck_assert_msg(
		    check_bob(name, hello, strlen(hello), &why) == GW_OK,
		    "%s: %s", name, why.text);
		ck_assert_int_eq(
		    check_bob(name, hello, strlen(hello) - 1, &why),
		    GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_SIGNATURE_BAD);
	}
	for (int i = 1; i <= 2; i++) {
		struct buf pdf;

		snprintf(name, sizeof(name),
		    "interop-suite/data/messages/shattered-%d.pdf", i);
		ck_assert(load_vector(name, &pdf));
		snprintf(name, sizeof(name),
		    "interop-suite/data/messages/shattered-%d.pdf.asc", i);
		ck_assert_int_eq(
		    check_bob(name, pdf.data, pdf.len, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_WEAK);
		buf_free(&pdf);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("interop");
	TCase *t = tcase_create("interop");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, ours_to_gpg);
	tcase_add_test(t, gpg_to_ours);
	tcase_add_test(t, gpg_text);
	tcase_add_test(t, gpg_wrong);
	tcase_add_test(t, sqop_both_ways);
	tcase_add_test(t, rfc9580);
	tcase_add_test(t, partial_lengths);
	tcase_add_test(t, interop_suite);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
