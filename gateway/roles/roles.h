/* gateway/roles/roles.h - the entry of each process; none returns. */
#ifndef GATEWAY_ROLES_ROLES_H
#define GATEWAY_ROLES_ROLES_H

_Noreturn void spooler_main(void);
_Noreturn void keyholder_main(void);
_Noreturn void sealer_main(void);
_Noreturn void unsealer_main(void);
_Noreturn void verifier_main(void);
_Noreturn void inspector_main(void);
_Noreturn void courier_main(void);

#endif
