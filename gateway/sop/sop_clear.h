/* gateway/sop/sop_clear.h - what may not be shown yet, or is read twice. */
#ifndef GATEWAY_SOP_SOP_CLEAR_H
#define GATEWAY_SOP_SOP_CLEAR_H

/*
 * Plaintext waits in a file without a name, in the folder that TMPDIR names
 * (/tmp), until the whole was proven: handing it on piece by piece would be
 * faster, and is how others were made to give away what nobody had sent.
 *
 * All functions return SOP_OK or an exit code, after having said why.
 */

/* An empty file that only we have; to be closed by fd_close(). */
int sop_clear_open(int *fd);
/* Write all of it to standard output. */
int sop_clear_release(int fd);

/*
 * Standard input as something that can be read again: itself when it is a
 * file, else a copy.  *in is standard input or to be closed by fd_close().
 */
int sop_clear_rewindable(int *in);
/* The same, and it is UTF-8 from its present position to its end; else
 * SOP_EXPECTED_TEXT. */
int sop_clear_text(int *in);

#endif
