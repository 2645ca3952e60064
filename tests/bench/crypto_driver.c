/*
 * tests/bench/crypto_driver.c - many documents in one process, as the sealer
 * and unsealer of a gateway work through them, without the gateway.
 *
 *	crypto_driver seal|seal1|open KEY CERTIFICATE FROM TO
 *
 * Each file of folder FROM becomes one of the same name in TO: signed with KEY
 * and encrypted to CERTIFICATE (AEAD; seal1: SEIPD version 1), or decrypted
 * with KEY and verified by CERTIFICATE.  Anything but success ends it.
 */
#include "gateway/base/fdio.h"
#include "keys/keys.h"
#include "keys/messages/seal.h"
#include "keys/messages/unseal.h"
#include "keys/messages/verify.h"
#include "keys/packets/second_thread.h"
#include "keys/secrets/secret.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024)

static struct secret *secret;
static struct cert *cert;
static enum seal_container container;

static void
need(enum gw_status st, const char *what, const struct why *why)
{
	if (st == GW_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, why->text);
	exit(1);
}

static void
load(const char *key_path, const char *cert_path)
{
	struct buf b;
	struct why why;

	buf_init_secret(&b, FILE_MAX);
	need(fd_read_file(AT_FDCWD, key_path, FILE_MAX, &b, &why), key_path,
	    &why);
	need(secret_parse(b.data, b.len, NULL, &secret, &why), key_path, &why);
	buf_reset(&b);
	need(fd_read_file(AT_FDCWD, cert_path, FILE_MAX, &b, &why), cert_path,
	    &why);
	need(cert_parse(b.data, b.len, &cert, &why), cert_path, &why);
	buf_free(&b);
}

static enum gw_status
sign(void *ctx, const char *fingerprint, int hash, const uint8_t *digest,
    size_t len, struct buf *out, struct why *why)
{
	(void)ctx;
	return secret_sign(
	    &secret, 1, fingerprint, hash, digest, len, out, why);
}

static enum gw_status
unwrap(void *ctx, const void *pkesk, size_t len, int seipd, int *algorithm,
    struct buf *key, struct why *why)
{
	(void)ctx;
	return secret_unwrap(
	    &secret, 1, pkesk, len, seipd, algorithm, key, why);
}

static void
seal(int in, int out, const char *name)
{
	const struct cert *signer = secret_cert(secret), *recipient = cert;
	struct seal_request q = { .recipients = &recipient,
		.recipient_count = 1,
		.container = container,
		.name = name,
		.signing = { .signers = &signer,
		    .signer_count = 1,
		    .when = time(NULL),
		    .sign = sign } };
	struct seal_result r = { 0 };
	struct why why;

	need(seal_stream(&q, in, out, &r, &why), name, &why);
}

static void
unseal(int in, int out, const char *name)
{
	const struct cert *signer = cert;
	struct unseal_request q = { .unwrap = unwrap };
	struct verify_one one[VERIFY_MAX];
	struct unseal_result r;
	struct why why;
	size_t n;

	need(digests_new(&q.digests, &why), name, &why);
	need(unseal_stream(&q, in, out, &r, &why), name, &why);
	need(verify_each(&signer, 1, r.signatures.data, r.signatures.len, false,
		 q.digests, time(NULL), one, &n, &why),
	    name, &why);
	if (n != 1)
		exit(1);
	need(one[0].verdict, name, &one[0].why);
	unseal_result_free(&r);
	digests_free(q.digests);
}

static void
each_file(const char *from, const char *to, bool opening)
{
	DIR *d = opendir(from);
	int target = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	if (d == NULL || target < 0)
		exit(1);
	while ((e = readdir(d)) != NULL) {
		int in, out;

		if (e->d_name[0] == '.')
			continue;
		in = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
		out = openat(target, e->d_name,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (in < 0 || out < 0)
			exit(1);
		if (opening)
			unseal(in, out, e->d_name);
		else
			seal(in, out, e->d_name);
		close(in);
		close(out);
	}
	closedir(d);
	close(target);
}

int
main(int argc, char **argv)
{
	struct why why;

	if (argc != 6) {
		fprintf(stderr, "usage: crypto_driver seal|seal1|open KEY "
				"CERTIFICATE FROM TO\n");
		return 1;
	}
	container = strcmp(argv[1], "seal1") == 0 ? SEAL_SEIPD1 : SEAL_SEIPD2;
	need(keys_init(65536, &why), "keys", &why);
	load(argv[2], argv[3]);
	if (getenv("ONE_THREAD") == NULL)
		(void)second_thread_start();
	each_file(argv[4], argv[5], strcmp(argv[1], "open") == 0);
	secret_free(secret);
	cert_free(cert);
	return 0;
}
