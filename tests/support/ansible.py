# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs single modules through the ansible command, as a user would, and returns what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import results
from tests.support.twin import TOP, Twin

BIN = Path(sys.executable).parent


def environment(**extra: str) -> dict[str, str]:
    """The environment for Ansible's commands, with nothing in it that points at another data centre."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VMWARE_", "FREENAS_", "LAB", "GOVC_"))}
    return {
        **kept,
        "PATH": f"{BIN}:{kept.get('PATH', '')}",
        "ANSIBLE_CONFIG": str(TOP / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(TOP / "collections"),
        "LC_ALL": "C.UTF-8",
        **extra,
    }


@dataclass
class Result:
    """What a module returned."""

    failed: bool
    data: dict
    output: str = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether something changed. What failed is no answer to that: "not changed" would hold for every failure."""
        assert not self.failed, self.msg
        return bool(self.data.get("changed"))

    @property
    def msg(self) -> str:
        return str(self.data.get("msg", ""))


class Ansible:
    """Modules against a data centre. The connection is in the environment, where passwords are in no argument list."""

    def __init__(self, twin: Twin):
        self.twin = twin

    def vsphere(self, where: str) -> dict[str, str]:
        """Connection to "vcenter" or to "esxi1", "esxi2"."""
        host = {"vcenter": 20}.get(where) or 10 + int(where.removeprefix("esxi"))
        vcenter = where == "vcenter"
        return {
            "VMWARE_HOST": f"{self.twin.control}.{host}",
            "VMWARE_PORT": "8443",
            "VMWARE_USER": "administrator@vsphere.local" if vcenter else "root",
            "VMWARE_PASSWORD": self.twin.secret("vcenter" if vcenter else "esxi"),
            "VMWARE_CA_PATH": str(self.twin.dir / "ca.pem"),
            # community.vmware knows no ca_path; this is where Python's own TLS looks.
            "SSL_CERT_FILE": str(self.twin.dir / "ca.pem"),
            "VMWARE_VALIDATE_CERTS": "true",
        }

    def options(self, where: str) -> dict[str, object]:
        """The same connection as a module's options, for calls of what is under the modules."""
        known = self.vsphere(where)
        return {
            "hostname": known["VMWARE_HOST"],
            "port": int(known["VMWARE_PORT"]),
            "username": known["VMWARE_USER"],
            "password": known["VMWARE_PASSWORD"],
            "ca_path": known["VMWARE_CA_PATH"],
            "validate_certs": True,
            "thumbprint": None,
            "timeout": 60,
        }

    def freenas(self) -> dict[str, str]:
        return {
            "FREENAS_HOST": f"{self.twin.control}.131",
            "FREENAS_PORT": "8443",
            "FREENAS_USER": "root",
            "FREENAS_PASSWORD": self.twin.secret("nas"),
            "FREENAS_CA_PATH": str(self.twin.dir / "ca.pem"),
        }

    def run(
        self, module: str, args: dict, where: str, *, check: bool = False, diff: bool = False, env: dict | None = None
    ) -> Result:
        """Run a module (livelab.datacenter.<module>, unless it is a full name) and return its result, failed or not.

        What one of ours returns is held against its documentation.
        """
        name = module if "." in module else f"livelab.datacenter.{module}"
        connection = self.freenas() if where == "nas" else self.vsphere(where)
        command = [
            str(BIN / "ansible"),
            "localhost",
            "-i",
            "localhost,",
            "-c",
            "local",
            "-m",
            name,
            "-a",
            json.dumps(args),
        ]
        command += ["-e", f"ansible_python_interpreter={sys.executable}"]
        command += ["--check"] * check + ["--diff"] * diff
        extra = {
            **connection,
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            **(env or {}),
        }
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=TOP, env=environment(**extra), timeout=300, check=False
        )
        output = done.stdout + done.stderr
        try:
            data = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"][0]["hosts"]["localhost"]
        except (ValueError, LookupError):
            raise AssertionError(f"{name} gave no result (exit {done.returncode}):\n{output}") from None
        if name.startswith("livelab.datacenter."):
            results.check(name.rpartition(".")[2], data)
        return Result(failed=bool(data.get("failed")), data=data, output=output)

    def done(self, module: str, args: dict, where: str, **options) -> Result:
        """Assert that it does not fail, and return its result."""
        result = self.run(module, args, where, **options)
        assert not result.failed, f"{module} on {where}: {result.msg}"
        return result

    def unchanged(self, module: str, args: dict, where: str, **options) -> Result:
        """Assert that it finds nothing to change, and return its result."""
        result = self.run(module, args, where, **options)
        assert not result.changed, f"{module} on {where} changed: {result.data}"
        return result

    def converge(self, module: str, args: dict, where: str, **options) -> Result:
        """Assert what every module that declares a state has to do, and return the result of the run that changed.

        Check mode says what would change and changes nothing; the run changes just that; a second run changes nothing.
        """
        planned = self.run(module, args, where, check=True, diff=True, **options)
        assert not planned.failed, planned.msg
        assert planned.changed, f"check mode says that nothing would change: {planned.data}"
        assert planned.data.get("diff"), "no diff"
        done = self.run(module, args, where, diff=True, **options)
        assert not done.failed, done.msg
        assert done.changed, "check mode would have changed something, the run did not: so check mode did"
        self.unchanged(module, args, where, **options)
        return done

    def refused(self, module: str, args: dict, where: str, *wants: str, **options) -> Result:
        """Assert that it fails with a plain error that names every one of wants, and no traceback."""
        result = self.run(module, args, where, **options)
        assert result.failed, f"it was accepted: {result.data}"
        assert not result.data.get("changed"), f"it failed and changed: {result.data}"
        assert "Traceback" not in result.output, result.output
        missing = [want for want in wants if want not in result.msg]
        assert not missing, f"the error does not say {missing}: {result.msg}"
        return result

    def refused_in_both_modes(self, module: str, args: dict, where: str, *wants: str, **options) -> Result:
        """Assert that check mode and the run refuse it in the same words, which name every one of wants.

        What the run would refuse is no plan: check mode must not promise it.
        """
        planned = self.refused(module, args, where, *wants, check=True, **options)
        done = self.refused(module, args, where, *wants, **options)
        assert planned.msg == done.msg, f"check mode: {planned.msg}\nthe run: {done.msg}"
        return done
