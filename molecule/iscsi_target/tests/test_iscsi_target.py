"""What the role iscsi_target leaves on a Debian 13 machine, as an initiator sees it."""

import hashlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import yaml

CONVERGE = Path(__file__).parents[1] / "converge.yml"
VMFS, ISO = "iqn.2016-06.lab.storage:vmfs", "iqn.2016-06.lab.storage:iso"
ESXI = "iqn.1998-01.com.vmware:esxi1"
USER, SECRET = "esxi", "only-in-here-1"
TARGET_USER, TARGET_SECRET = "storage", "only-in-here-2"
SIZES = {1: 10 * 2**30, 2: 10 * 2**30, 3: 16 * 2**30}


def url(lun, target=VMFS, user=USER, secret=SECRET, portal="127.0.0.1:3260"):
    """A LUN as libiscsi writes it; the secrets are a test's own."""
    account = f"{user}%{secret}@" if user else ""
    mutual = f"?target_user={TARGET_USER}&target_password={TARGET_SECRET}" if user else ""
    return f"iscsi://{account}{portal}/{target}/{lun}{mutual}"


def initiator(host, tool, *words, name=ESXI):
    return host.run("%s -i %s " + " ".join(["%s"] * len(words)), tool, name, *words)


def capacity(host, lun, **options):
    """The size of a LUN, in bytes; None where it cannot be read."""
    name = options.pop("name", ESXI)
    answer = initiator(host, "iscsi-readcapacity16", url(lun, **options), name=name)
    found = re.search(r"Total size:(\d+)", answer.stdout)
    return int(found[1]) if answer.rc == 0 and found else None


def run_role(tmp_path, **changes):
    """The scenario's play again with other variables: status and what it said."""
    plays = yaml.safe_load(CONVERGE.read_text())
    plays[0]["roles"][0]["vars"].update(changes)
    (tmp_path / "play.yml").write_text(json.dumps(plays))
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], str(tmp_path / "play.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def targets():
    return yaml.safe_load(CONVERGE.read_text())[0]["roles"][0]["vars"]["iscsi_target_targets"]


def up_since(host):
    """When the machine's first process started, in ticks of the kernel's; None while nobody answers."""
    try:
        return host.check_output("cat /proc/1/stat").split()[21]
    except RuntimeError:
        return None


def test_runs_and_starts_with_the_machine(host):
    assert host.service("tgt").is_running
    assert host.service("tgt").is_enabled


def test_listens_where_it_was_told_and_nowhere_else(host):
    listening = {socket for socket in host.socket.get_listening_sockets() if re.search(r":326\d$", socket)}
    assert listening == {"tcp://127.0.0.1:3260", "tcp://::1:3261"}


def test_three_luns_are_there(host):
    assert {lun: capacity(host, lun) for lun in SIZES} == SIZES
    assert capacity(host, 4) is None


def test_through_the_other_portal_too(host):
    assert capacity(host, 3, portal="[::1]:3261") == SIZES[3]


def test_each_lun_has_a_serial_of_its_own(host):
    serials = []
    for lun in SIZES:
        answer = initiator(host, "iscsi-inq", "--evpd=1", "--pagecode=128", url(lun))
        assert answer.rc == 0, answer.stderr
        serials.append(re.search(r"Unit Serial Number:\[(.*?)\]", answer.stdout)[1].strip())
    assert serials[0] == "VMFS-1"
    assert len(set(serials)) == 3


@pytest.mark.parametrize("wrong", [{"secret": "something-else"}, {"user": ""}, {"name": "iqn.1998-01.com.vmware:esxi9"}])
def test_who_may_not_log_in_does_not(host, wrong):
    assert capacity(host, 1) == SIZES[1]
    assert capacity(host, 1, **wrong) is None


def test_an_initiator_is_known_by_its_name_in_any_case(host):
    assert capacity(host, 1, name="iqn.1998-01.com.vmware:esxi2") == SIZES[1]


def test_a_target_for_all_is_open_and_only_to_be_read(host):
    lun = url(1, target=ISO, user="")
    assert initiator(host, "iscsi-readcapacity16", lun).rc == 0
    written = initiator(host, "iscsi-dd", f"--src={lun}", f"--dst={lun}", "--max=1", name="iqn.2016-06.any:body")
    protected = host.run("tgtadm --lld iscsi --mode target --op show").stdout.split(ISO)[1]
    assert re.search(r"LUN: 1.*?Readonly: Yes", protected, re.DOTALL), protected
    assert written.rc != 0 or "fail" in (written.stdout + written.stderr).lower()


def test_files_are_sparse_and_root_s(host):
    file = host.file("/srv/iscsi/vmfs3.img")
    assert file.size == SIZES[3]
    assert file.mode == 0o600
    assert int(host.check_output("stat --format=%b /srv/iscsi/vmfs3.img")) * 512 < 2**20


def test_secrets_are_in_no_file_that_others_read(host):
    found = host.run("grep -rlF -e %s -e %s /etc /srv /run /var/log", SECRET, TARGET_SECRET)
    files = [path for path in found.stdout.split() if host.file(path).mode & 0o077]
    assert "/etc/tgt/conf.d/iscsi_target.conf" in found.stdout
    assert files == []


def test_the_luns_are_there_after_a_reboot_with_what_was_written(host):
    digest = hashlib.sha256(b"x" * 2**20).hexdigest()
    host.check_output("head -c 1048576 /dev/zero | tr '\\0' x | dd of=/srv/iscsi/vmfs1.img conv=notrunc status=none && sync")
    began = up_since(host)
    host.check_output("systemctl reboot")
    for _ in range(60):
        time.sleep(1)
        if up_since(host) not in (None, began) and host.run("systemctl is-active tgt").rc == 0:
            break
    else:
        raise AssertionError("the machine did not come up again with tgt")
    assert {lun: capacity(host, lun) for lun in SIZES} == SIZES
    assert host.check_output("head -c 1048576 /srv/iscsi/vmfs1.img | sha256sum").split()[0] == digest


def test_a_file_grows_and_never_shrinks(host, tmp_path):
    grown = targets()
    grown[0]["luns"][1]["size"] = "11G"
    status, said = run_role(tmp_path, iscsi_target_targets=grown)
    assert status == 0, said
    assert host.file("/srv/iscsi/vmfs2.img").size == 11 * 2**30
    assert capacity(host, 2) == 11 * 2**30
    status, said = run_role(tmp_path)
    assert status == 2, said
    assert "never made smaller" in said
    assert host.file("/srv/iscsi/vmfs2.img").size == 11 * 2**30


@pytest.mark.parametrize(
    ("changes", "wants"),
    [
        ({"iscsi_target_targets": [{**targets()[0], "initiators": []}]}, "nobody could log in"),
        ({"iscsi_target_portals": [{"ip": "203.0.113.1"}]}, "iscsi_target_portals has 203.0.113.1, which this machine has not"),
        ({"iscsi_target_backend": "lio"}, "set iscsi_target_backend to tgt"),
        ({"iscsi_target_targets": [{**targets()[1], "luns": [{"lun": 1, "path": "/etc"}]}]}, "neither a file nor a block device"),
    ],
)
def test_what_could_not_be_served_is_refused_before_anything_changes(host, tmp_path, changes, wants):
    before = host.file("/etc/tgt/conf.d/iscsi_target.conf").content_string
    status, said = run_role(tmp_path, **changes)
    assert status == 2, said
    assert wants in said
    assert SECRET not in said
    assert host.file("/etc/tgt/conf.d/iscsi_target.conf").content_string == before
