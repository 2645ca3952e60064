/* gateway/sop/sop_commands.h - what each subcommand does. */
#ifndef GATEWAY_SOP_SOP_COMMANDS_H
#define GATEWAY_SOP_SOP_COMMANDS_H

#include "gateway/sop/sop_options.h"

/* Data from standard input to standard output; the exit code comes back,
 * after a sentence on stderr when it is not SOP_OK. */

/* sop_about.c */
int sop_version(const struct sop_options *);
int sop_list_profiles(const struct sop_options *);

/* sop_key.c, sop_update.c */
int sop_generate_key(const struct sop_options *);
int sop_change_key_password(const struct sop_options *);
int sop_revoke_key(const struct sop_options *);
int sop_update_key(const struct sop_options *);

/* sop_cert.c */
int sop_extract_cert(const struct sop_options *);
int sop_merge_certs(const struct sop_options *);

/* sop_sign.c */
int sop_sign(const struct sop_options *);
int sop_inline_sign(const struct sop_options *);

/* sop_verify.c */
int sop_verify(const struct sop_options *);
int sop_inline_verify(const struct sop_options *);
int sop_inline_detach(const struct sop_options *);

/* sop_encrypt.c, sop_decrypt.c */
int sop_encrypt(const struct sop_options *);
int sop_decrypt(const struct sop_options *);

/* sop_armor.c */
int sop_armor(const struct sop_options *);
int sop_dearmor(const struct sop_options *);

#endif
