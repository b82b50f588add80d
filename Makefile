# SPDX-License-Identifier: GPL-3.0-or-later
# Every target can be run again at any time. The logic is in scripts/.

.DEFAULT_GOAL := help
.PHONY: help lab test down clean govc setup setup-test lint unit go-test integration molecule e2e test-owncloud readmes sanity-matrix mutation

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab:  ## build the data centre and move a live web server; prints where the report is
	@scripts/lab.sh

test:  ## every test: the suites below, half an hour on two cores
	@scripts/test.sh

down:  ## stop what `make lab` started
	@scripts/down.sh

clean: down  ## stop it and remove what it left
	@scripts/clean.sh

govc: setup  ## build VMware's command line client, build/govc
	@cd twin && GOTOOLCHAIN=local "$$(cat ../build/go-path)" build -trimpath -o ../build/govc ./cmd/govc

setup:  ## install what `make lab` needs
	@scripts/setup.sh lab

setup-test:  ## install what `make test` needs
	@scripts/setup.sh test

lint unit go-test integration molecule e2e: setup-test
	@scripts/test.sh $@

lint:  ## ansible-lint, yamllint, ruff, ansible-test sanity, the changelog, golangci-lint, shellcheck
unit:  ## the collection's unit tests
go-test:  ## the twin's tests
integration:  ## the modules against the twin, model backing
molecule:  ## the web server's roles, on containers
e2e:  ## site.yml twice, on real machines

test-owncloud: setup-test  ## role owncloud with ownCloud itself: ARCHIVE=owncloud.tar.bz2 (DEBIAN=bullseye for ownCloud 10)
	@scripts/test-owncloud.sh "$(ARCHIVE)" $(DEBIAN)

readmes: setup-test  ## write the roles' README.md anew from their argument specs
	@.venv/bin/python scripts/role_readme.py

sanity-matrix: setup-test  ## sanity and unit tests on every ansible-core that is supported; not part of `make test`
	@scripts/sanity-matrix.sh

mutation: setup-test  ## what no unit test notices, in each plan and check (FOLDERS="vsphere/iscsi ...": in those); not part of `make test`
	@scripts/mutation.sh $(FOLDERS)
