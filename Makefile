# Waybill: build, test, lint, install.  `make help` lists the targets.
#
#   make SAN=address,undefined test     the same under sanitizers
#   make CC=clang                       another compiler, its own objects
#   make DESTDIR=/tmp/x prefix=/usr install

prefix		?= /usr/local
sbindir		?= $(prefix)/sbin
bindir		?= $(prefix)/bin
mandir		?= $(prefix)/share/man
sysconfdir	?= /etc
unitdir		?= $(prefix)/lib/systemd/system
docdir		?= $(prefix)/share/doc/waybill

ifeq ($(origin CC),default)
CC		:= gcc
endif
# Objects of each compiler and sanitizer stand apart, so nothing is mixed.
comma		:= ,
variant		:= $(notdir $(firstword $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
BUILD		?= build/$(variant)
PYTHON		?= /usr/bin/python3
FUZZ_SECONDS	?= 60
PKG_CONFIG	?= pkg-config

CFLAGS		?= -O2 -g
WARN		:= -Wall -Wextra -Wshadow -Wstrict-prototypes \
		   -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
		   -Wwrite-strings -Wcast-qual -Wvla -Wformat=2 \
		   -Wformat-nonliteral -Wundef -Wimplicit-fallthrough -Werror
HARDEN		:= -fstack-protector-strong -fstack-clash-protection \
		   -fcf-protection=full -fPIE \
		   $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
SANFLAGS	:= $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
		   -fno-sanitize-recover=all)
ALL_CFLAGS	 = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(HARDEN) $(SANFLAGS) \
		   $(CFLAGS) $(CPPFLAGS)
ALL_LDFLAGS	 = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
		   $(SANFLAGS) $(LDFLAGS)

# One archive per folder.  What each may link is what it may include.
folders		:= base keys spool transports gateway
base_src	:= $(sort $(wildcard gateway/base/*.c))
keys_src	:= $(sort $(wildcard keys/*.c keys/*/*.c))
spool_src	:= $(sort $(wildcard spool/*.c))
transports_src	:= $(sort $(wildcard transports/*.c))
gateway_src	:= $(filter-out gateway/main.c,$(sort $(wildcard gateway/*.c \
		   gateway/config/*.c gateway/roles/*.c gateway/inspect/*.c \
		   gateway/commands/*.c gateway/sop/*.c)))

base_pkgs	:=
keys_pkgs	:= libgcrypt zlib
keys_extra	:= -lbz2 -pthread
spool_pkgs	:= sqlite3
transports_pkgs	:= libssh
gateway_pkgs	:= libconfuse libevent_core jansson libxml-2.0 libseccomp

keys_needs	:= base
spool_needs	:= base
transports_needs := base
gateway_needs	:= keys spool transports base

all: $(BUILD)/waybill

help:
	@echo "make            build $(BUILD)/waybill"
	@echo "make test       unit tests and scenarios (real sshd, gpg)"
	@echo "make lint       warnings, layering, format, cppcheck, analyzer"
	@echo "make demo       two companies exchange documents; KEEP=1 leaves them up"
	@echo "make bench      figures, beside a gpg+sftp script in the same run"
	@echo "make bench-crypto  OpenPGP alone, beside gpg, sq, rnp, gosop, sqop"
	@echo "make fuzz       FUZZ_SECONDS=60 for each harness, FUZZ=\"message armor\" for some"
	@echo "make install    DESTDIR and prefix are honoured"
	@echo "make packages   install the Debian packages that building and testing need"

define folder
$(1)_cflags	:= $$(if $$($(1)_pkgs),$$(shell $$(PKG_CONFIG) --cflags $$($(1)_pkgs) 2>/dev/null))
$(1)_libs	:= $$(if $$($(1)_pkgs),$$(shell $$(PKG_CONFIG) --libs $$($(1)_pkgs) 2>/dev/null)) $$($(1)_extra)
$(1)_obj	:= $$($(1)_src:%.c=$$(BUILD)/%.o)
$$($(1)_obj): private PKG_CFLAGS := $$($(1)_cflags)
$$(BUILD)/lib$(1).a: $$($(1)_obj)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
$(1)_link	 = $$(BUILD)/lib$(1).a $$(foreach n,$$($(1)_needs),$$(BUILD)/lib$$(n).a)
$(1)_link_libs	 = $$($(1)_libs) $$(foreach n,$$($(1)_needs),$$($$(n)_libs))

$(1)_tests	:= $$(patsubst %.c,$$(BUILD)/%,$$(wildcard tests/$(1)/test_*.c))
$$($(1)_tests:%=%.o): private PKG_CFLAGS := $$($(1)_cflags) $$(check_cflags)
$$($(1)_tests): $$(BUILD)/%: $$(BUILD)/%.o $$($(1)_link)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$($(1)_link_libs) $$(check_libs)
unit_tests	+= $$($(1)_tests)
objects		+= $$($(1)_obj) $$($(1)_tests:%=%.o)
endef

check_cflags	:= $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
check_libs	:= $(shell $(PKG_CONFIG) --libs check 2>/dev/null)
unit_tests	:=
objects		:=
$(foreach f,$(folders),$(eval $(call folder,$(f))))

main_obj	:= $(BUILD)/gateway/main.o
$(main_obj): private PKG_CFLAGS := $(gateway_cflags)
objects		+= $(main_obj)

crypto_bench	:= $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/crypto_*.c))
objects		+= $(crypto_bench:%=%.o)
$(crypto_bench:%=%.o): private PKG_CFLAGS := $(keys_cflags)
$(crypto_bench): $(BUILD)/%: $(BUILD)/%.o $(keys_link)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(keys_link_libs)

$(BUILD)/waybill: $(main_obj) $(gateway_link)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(gateway_link_libs)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

-include $(objects:.o=.d)

units: $(unit_tests)

test: $(BUILD)/waybill units
	BUILD=$(BUILD) SAN=$(SAN) $(PYTHON) -m pytest tests -q $(TESTARGS)

lint:
	tests/lint/run

demo:
	BUILD=$(BUILD) tests/demo/run

bench: $(BUILD)/waybill
	BUILD=$(BUILD) tests/bench/run

bench-crypto: $(BUILD)/waybill $(crypto_bench)
	BUILD=$(BUILD) tests/bench/crypto $(BENCHARGS)

fuzz: $(BUILD)/waybill
	BUILD=$(BUILD) tests/fuzz/run -t $(FUZZ_SECONDS) $(FUZZ)

packages:
	.ci/packages

install: $(BUILD)/waybill
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) \
	    $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 \
	    $(DESTDIR)$(mandir)/man8 $(DESTDIR)$(unitdir) \
	    $(DESTDIR)$(sysconfdir)/waybill/partners.d $(DESTDIR)$(docdir)
	install -m 755 $(BUILD)/waybill $(DESTDIR)$(sbindir)/waybill
	ln -sf $(sbindir)/waybill $(DESTDIR)$(bindir)/waybill-sop
	install -m 644 docs/waybill-sop.1 $(DESTDIR)$(mandir)/man1/
	install -m 644 docs/waybill.8 $(DESTDIR)$(mandir)/man8/
	install -m 644 docs/waybill.conf.5 $(DESTDIR)$(mandir)/man5/
	sed 's|@sbindir@|$(sbindir)|' etc/waybill.service.in \
	    > $(DESTDIR)$(unitdir)/waybill.service
	install -m 644 README.md LICENSE docs/*.md $(DESTDIR)$(docdir)/
	install -m 644 etc/waybill.conf etc/partner.conf $(DESTDIR)$(docdir)/

clean:
	rm -rf build

.PHONY: all help units test lint demo bench bench-crypto fuzz packages install clean
.DELETE_ON_ERROR:
.SECONDARY:
