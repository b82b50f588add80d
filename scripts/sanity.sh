#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity over the collection, with the ansible-core of .venv or of another virtual environment.
#
# usage: sanity.sh [VENV [ARGUMENT OF ansible-test sanity]...]
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
venv=${1:-$VENV}
shift || true

# ansible-test makes a virtual environment for each of its tests and keeps them in the home directory: in one of ours,
# so that `make clean` takes them away and the user's own stay as they are.
home=$TOP/.cache/sanity/home
mkdir -p "$home/.config/pip"
# It also takes the environment away from pip, which finds its settings there as a file.
settings=$("$venv/bin/python" -m pip config list | sed -nE "s/^(global|:env:|user|site|install)\.([a-z-]+)='(.*)'$/\2 = \3/p" | sort -u -t= -k1,1)
proxy=${HTTPS_PROXY:-${https_proxy:-}}
printf "%s\n" "[global]" "quiet = 1" "$settings" ${proxy:+"proxy = $proxy"} >"$home/.config/pip/pip.conf"
export GIT_CONFIG_GLOBAL=${GIT_CONFIG_GLOBAL:-$HOME/.gitconfig} HOME=$home
# It would download a script that installs pip there. One of the script's name that is there already is taken instead:
# Python brings pip along, and pip gets the version that is asked for.
internal=$("$venv/bin/python" -c 'import ansible_test, os; print(os.path.dirname(ansible_test.__file__))')/_internal
cache=$HOME/.ansible/test/cache
mkdir -p "$cache"
sed -nE "s/^ +pip='([0-9.]+)',$/\1/p" "$internal/python_requirements.py" | while read -r version; do
    cp "$TOP/scripts/get_pip.py" "$cache/get_pip_${version//./_}.py"
done

cd "$TOP/collections/ansible_collections/livelab/datacenter"
PATH="$venv/bin:$PATH" ansible-test sanity --local --python-interpreter "$venv/bin/python" --color no "$@"
