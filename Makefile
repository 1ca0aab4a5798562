# One command for everything; CI calls the same. `make help` lists the targets.
# Two environments are made on demand: .venv/311 (Python 3.11, ansible-core 2.19) and .venv/new (the newest of both).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENVS := $(foreach env,311 new,$(if $(shell .ci/python $(env)),$(env)))
MAIN := $(firstword $(ENVS))
WITH  = .ci/with main
ALL   = .ci/with all
ARGS ?=
PYTEST = pytest -n 2 --dist worksteal  # who is done takes over from the other one
ONE_CORE = molecule lint sanity demo custodian importer  # what leaves cores idle runs two at a time; the longest one begins
PROGRAMS = soffice chromium pdftotext pdffonts
GUEST_PROGRAMS = mmdebstrap systemd-nspawn unshare setpriv ip nsenter losetup partx apt-ftparchive dpkg-deb gpg ssh ssh-keygen
MACHINE_PROGRAMS = qemu-system-x86_64 mke2fs
GUEST_PACKAGES = mmdebstrap debian-archive-keyring systemd-container iproute2 util-linux apt-utils dpkg gpg openssh-client
MACHINE_PACKAGES = qemu-system-x86 e2fsprogs
PROGRAM_PACKAGES = libreoffice-calc chromium poppler-utils fonts-noto-cjk
LACKING = missing=; for program in $(1); do command -v $$program >/dev/null || missing="$$missing $$program"; done

ifeq ($(ENVS),)
$(error this needs Python 3.11 or later, with venv)
endif

##@ Try it
demo: env-main  ## play a customer from the sheet to the running account, against an AWS double
	@$(WITH) python -m tests.demo $(ARGS)

##@ Test
test: env env-custodian  ## all of the below, and the demo
	@$(MAKE) -j2 --output-sync=target $(ONE_CORE)
	@$(MAKE) unit laws integration doubles rendering
	@echo "== make test passed; environments: $(strip $(ENVS))"

lint: env-main  ## ansible-lint (production), yamllint, ruff, changelog fragments
	@$(WITH) ruff check .
	@$(WITH) yamllint --strict .
	@$(WITH) antsibull-changelog lint
	@$(WITH) ansible-lint --offline --strict --profile production

sanity: $(addprefix sanity-,$(ENVS))  ## ansible-test sanity without ignore entries, in both environments
	@$(if $(filter 1,$(words $(ENVS))),echo "== sanity ran in environment '$(strip $(ENVS))' only: no Python for the other one")

sanity-311 sanity-new: sanity-%: env-%
	@.ci/sanity $* $(ARGS)

importer: env-main  ## build the tarball and have galaxy-importer judge it
	@$(WITH) .ci/importer

unit: env  ## the house's own rules, and the engine without AWS
	@$(ALL) $(PYTEST) tests/unit $(ARGS)

laws: env  ## the laws that every kind obeys
	@$(ALL) $(PYTEST) tests/laws $(ARGS)

law: env-main  ## the laws for one kind: make law KIND=ec2_subnets
	@$(WITH) pytest tests/laws --kind $(or $(KIND),$(error say which: make law KIND=ec2_subnets)) $(ARGS)

integration: env-main  ## whole playbooks against the AWS double
	@$(WITH) $(PYTEST) tests/integration $(ARGS)

doubles: env-main  ## the doubles themselves: they refuse what the real services refuse
	@$(WITH) $(PYTEST) tests/doubles $(ARGS)

custodian: env-main env-custodian  ## Cloud Custodian's opinion of the account that the demo makes
	@$(WITH) pytest tests/custodian $(ARGS)

rendering: env-main  ## workbooks and pages in LibreOffice and Chromium, where these are installed
	@$(call LACKING,$(PROGRAMS)); \
	if [ -n "$$missing" ]; then echo "== rendering was not tested: there is no$$missing (Debian: $(PROGRAM_PACKAGES))"; \
	else $(WITH) $(PYTEST) tests/rendering $(ARGS); fi

molecule: env-main  ## the roles inside servers, on guests with systemd, where this machine can boot them; ARGS names scenarios
	@$(call LACKING,$(GUEST_PROGRAMS)); \
	[ "$$(id -u)" = 0 ] || missing="$$missing root"; \
	if [ -n "$$missing" ]; then echo "== no scenario of molecule was run: there is no$$missing (Debian: $(GUEST_PACKAGES))"; \
	elif ! lacks=$$(extensions/molecule/guest probe 2>&1); then echo "== no scenario of molecule was run: this machine cannot boot guests: $$lacks"; \
	else $(WITH) extensions/molecule/run $(ARGS); fi

bench: env-main  ## measure against amazon.aws in loops and plain boto3
	@$(WITH) python -m benchmarks $(ARGS)

bench-monitoring: env-main  ## measure the monitoring of four hundred components, beside a loop of amazon.aws over a sample
	@$(WITH) python -m benchmarks.monitoring $(ARGS)

##@ Write
docs: env-main  ## write the generated pages anew
	@$(WITH) python tools/docs.py $(ARGS)

coverage: env-main  ## write docs/coverage.md, the rows of the terms and what they are done with
	@$(WITH) python tools/coverage.py

dangers: env-main  ## write docs/dangers.md, why not the existing modules
	@$(WITH) python tools/dangers.py

operations: env-main  ## write docs/operations, a page for each operation on request
	@$(WITH) python tools/operations.py

iam: env-main  ## write docs/iam, the least privileges that the kinds need
	@$(WITH) python tools/iam.py $(ARGS)

changelog: env-main  ## make CHANGELOG.md of the fragments, for a release
	@$(WITH) antsibull-changelog release

##@ Environments
env: $(addprefix env-,$(ENVS))  ## make .venv/311 and .venv/new from the pins, as far as their Pythons are present
env-main: env-$(MAIN)
env-311 env-new env-custodian: env-%:
	@.ci/env $*

tree:  ## make .build/tree, a collections path in which this checkout is msp.aws
	@.ci/tree >/dev/null

pins:  ## resolve tests/requirements/*.in into the pins anew
	@for env in $(ENVS) custodian; do .ci/pins $$env; done

programs:  ## install what rendering and molecule need and is not there, on Debian and as root
	@$(call LACKING,$(PROGRAMS) $(GUEST_PROGRAMS) $(MACHINE_PROGRAMS)); [ -n "$$missing" ] || exit 0; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(PROGRAM_PACKAGES) $(GUEST_PACKAGES) $(MACHINE_PACKAGES) >/dev/null

hooks: env-main  ## run lint's quick parts before each commit
	@$(WITH) pre-commit install

clean:  ## remove environments, caches and builds
	@rm -rf .build .venv .ansible .cache .pytest_cache .ruff_cache changelogs/.plugin-cache.yaml
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

help:  ## show this
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo test lint sanity importer unit sanity-311 sanity-new laws law integration doubles custodian rendering molecule programs bench bench-monitoring docs coverage dangers operations iam changelog env env-main env-311 env-new tree pins hooks clean help
