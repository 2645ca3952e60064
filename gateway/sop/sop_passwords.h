/* gateway/sop/sop_passwords.h - PASSWORD arguments. */
#ifndef GATEWAY_SOP_SOP_PASSWORDS_H
#define GATEWAY_SOP_SOP_PASSWORDS_H

#include "gateway/sop/sop_options.h"

#define SOP_PASSWORDS_MAX (2 * SOP_LIST_MAX)

struct sop_passwords {
	char *at[SOP_PASSWORDS_MAX];
	size_t count;
};

/* Both append, and return SOP_OK or an exit code, after having said why. */

/* For something new: UTF-8 without control characters, and white space at its
 * end, which nobody sees when he types it again, is taken off. */
int sop_passwords_make(const char *designator, struct sop_passwords *);
/* For something that somebody protected: without white space at the end, and
 * then as it is, whatever octets it has. */
int sop_passwords_try(const struct sop_list *, struct sop_passwords *);

void sop_passwords_free(struct sop_passwords *);

#endif
