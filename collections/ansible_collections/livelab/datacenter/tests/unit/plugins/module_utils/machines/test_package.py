# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF folders and OVA archives: what they say, and what is wrong with damaged ones."""

from __future__ import annotations

import tarfile

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.package import Package, parse_manifest


def archive(folder, *names):
    path = folder / "web.ova"
    with tarfile.open(path, "w") as tar:
        for name in names:
            tar.add(folder / name, arcname=name)
    return str(path)


def replaced(folder, old, new):
    path = folder / "web.ovf"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return str(path)


def test_a_folder_is_read_and_verified(folder):
    with Package(str(folder / "web.ovf")) as package:
        assert package.descriptor.hardware() == {"cpus": 2, "memory_mb": 512, "disks_bytes": [4 * 2**30], "nics": 1}
        assert package.descriptor.networks == ("VM Network",)
        assert package.descriptor.name == "web server"
        assert package.descriptor.disks[0].populated == 123456
        assert package.size("disk.vmdk") == 16384
        assert package.verify() == "web.mf"
        with package.open("disk.vmdk") as file:
            assert len(file.read()) == 16384


def test_an_archive_is_read_and_verified(folder):
    with Package(archive(folder, "web.ovf", "web.mf", "disk.vmdk")) as package:
        assert package.descriptor.cpus == 2
        assert package.verify() == "web.mf"
        with package.open("disk.vmdk") as file:
            assert len(file.read(100)) == 100


def test_without_a_manifest_nothing_is_verified(folder):
    (folder / "web.mf").unlink()
    with Package(str(folder / "web.ovf")) as package:
        assert package.verify() is None


@pytest.mark.parametrize("packed", [False, True])
def test_one_wrong_byte_is_found(folder, packed):
    disk = bytearray((folder / "disk.vmdk").read_bytes())
    disk[5000] ^= 1
    (folder / "disk.vmdk").write_bytes(disk)
    path = archive(folder, "web.ovf", "web.mf", "disk.vmdk") if packed else str(folder / "web.ovf")
    with Package(path) as package, pytest.raises(ConvergeError, match=r"'disk.vmdk' .* is damaged: its SHA256 is"):
        package.verify()


def test_a_changed_descriptor_is_found(folder):
    path = replaced(folder, ">512<", ">1024<")
    with Package(path) as package, pytest.raises(ConvergeError, match=r"'web.ovf' .* is damaged"):
        package.verify()


def test_a_file_the_manifest_leaves_out_is_found(folder):
    manifest = folder / "web.mf"
    manifest.write_text(manifest.read_text().splitlines()[0] + "\n")
    with Package(str(folder / "web.ovf")) as package, pytest.raises(ConvergeError, match=r"no checksum of 'disk.vmdk'"):
        package.verify()


def test_a_missing_disk_is_found_at_once(folder):
    (folder / "disk.vmdk").unlink()
    with pytest.raises(ConvergeError, match=r"needs 'disk.vmdk', which is not beside it"):
        Package(str(folder / "web.ovf"))


def test_a_disk_cut_short_is_found_at_once(folder):
    (folder / "disk.vmdk").write_bytes(b"short")
    with pytest.raises(ConvergeError, match="has 5 bytes, not 16384"):
        Package(str(folder / "web.ovf"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('href="disk.vmdk"', 'href="../disk.vmdk"', "beside the descriptor"),
        ('href="disk.vmdk"', 'href="http://x/disk.vmdk"', "beside the descriptor"),
        ('ovf:id="file1"', 'ovf:id="file1" ovf:compression="gzip"', "compressed"),
        ("</VirtualSystem>", '</VirtualSystem><VirtualSystem ovf:id="two"/>', "holds 2 virtual systems"),
        ("Envelope", "Letter", "its root is <Letter>"),
        (">512<", ">much<", "'much'; it must be a whole number"),
        ("byte * 2^30", "furlongs", "counts in 'furlongs'"),
        ("</References>", "", "not XML"),
    ],
)
def test_what_cannot_be_deployed_is_said(folder, old, new, words):
    with pytest.raises(ConvergeError, match=words.replace("^", r"\^")):
        Package(replaced(folder, old, new))


def test_other_files_are_refused_in_words(folder):
    with pytest.raises(ConvergeError, match="is not there"):
        Package(str(folder / "none.ovf"))
    (folder / "binary.ovf").write_bytes(b"\xff\xfe\x00\x81" * 100)
    with pytest.raises(ConvergeError, match="it is not text"):
        Package(str(folder / "binary.ovf"))
    (folder / "binary.ova").write_bytes(b"\xff\xfe\x00\x81" * 1000)
    with pytest.raises(ConvergeError, match="cannot be read"):
        Package(str(folder / "binary.ova"))
    with pytest.raises(ConvergeError, match=r"holds no \.ovf"):
        Package(archive(folder, "disk.vmdk"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("byte", 1), ("byte * 2^20", 2**20), ("byte * 1000", 1000), ("MegaBytes", 2**20), (None, 1), ("byte*2^10", 1024)],
)
def test_units(text, size):
    assert ovf.units(text) == size


def test_manifest_lines():
    text = "SHA256(a.ovf)= AB\n\nSHA1 (b c.vmdk) = cd\r\n"
    assert parse_manifest(text, "x.mf") == {"a.ovf": ("sha256", "ab"), "b c.vmdk": ("sha1", "cd")}
    with pytest.raises(ConvergeError, match=r"x.mf: 'nonsense'"):
        parse_manifest("nonsense", "x.mf")
