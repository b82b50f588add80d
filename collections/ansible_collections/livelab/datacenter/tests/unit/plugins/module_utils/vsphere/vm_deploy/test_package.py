# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF folders and OVA archives: their files, their manifests, and what is wrong with damaged ones."""

from __future__ import annotations

import gzip
import hashlib
import tarfile

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.manifest import parse_manifest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.package import Package

from .conftest import DESCRIPTOR, DISK, disk


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
        assert package.content("./disk.vmdk").size == package.stored == 16384
        assert (package.manifest, package.verify()) == ("web.mf", [])
        with package.content("disk.vmdk").open() as file:
            assert file.read() == DISK


def test_an_archive_is_read_and_verified(folder):
    with Package(archive(folder, "web.ovf", "web.mf", "disk.vmdk")) as package:
        assert package.descriptor.cpus == 2
        assert (package.manifest, package.verify()) == ("web.mf", [])
        with package.content("disk.vmdk").open() as file:
            assert file.read(100) == DISK[:100]


def test_what_is_not_verified_is_said(folder):
    (folder / "web.mf").unlink()
    (folder / "web.cert").write_text("x")
    with Package(str(folder / "web.ovf")) as package:
        assert package.manifest is None
        without, signature = package.verify()
    assert "has no manifest (.mf): its files are not verified" in without
    assert signature == "the signature web.cert of the package is not verified."


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


def test_a_file_the_manifest_leaves_out_is_said(folder):
    manifest = folder / "web.mf"
    manifest.write_text(manifest.read_text().splitlines()[0] + "\n")
    with Package(str(folder / "web.ovf")) as package:
        assert package.verify() == ["web.mf does not name disk.vmdk, which are not verified."]


@pytest.mark.parametrize("packed", [False, True])
def test_a_manifest_counts_whatever_it_is_called(folder, packed):
    (folder / "web.mf").rename(folder / "other.mf")
    names = ("web.ovf", "other.mf", "disk.vmdk")
    path = archive(folder, *names) if packed else str(folder / "web.ovf")
    with Package(path) as package:
        assert (package.manifest, package.verify()) == ("other.mf", [])
    (folder / "other.mf").write_text((folder / "other.mf").read_text().replace("disk.vmdk)= ", "disk.vmdk)= 00"))
    path = archive(folder, *names) if packed else path
    with Package(path) as package, pytest.raises(ConvergeError, match=r"'disk.vmdk' .* is damaged"):
        package.verify()


def test_a_manifest_that_does_not_fit_is_an_error(folder):
    (folder / "web.mf").write_text("SHA256(else.ovf)= 00\n")
    with pytest.raises(ConvergeError, match=r"the manifest web\.mf does not fit the package: .* but else.ovf"):
        Package(str(folder / "web.ovf"))
    (folder / "web.mf").write_text("SHA256(web.ovf)= 00\nSHA256(more.vmdk)= 00\n")
    with Package(str(folder / "web.ovf")) as package, pytest.raises(ConvergeError, match=r"web.ovf|'more.vmdk'"):
        package.verify()
    good = hashlib.sha256(DESCRIPTOR.encode()).hexdigest()
    (folder / "web.mf").write_text(f"SHA256(web.ovf)= {good}\nSHA256(more.vmdk)= 00\n")
    with Package(str(folder / "web.ovf")) as package, pytest.raises(ConvergeError, match=r"names 'more.vmdk', which is not in"):
        package.verify()


def test_the_manifest_of_another_package_in_the_folder_is_not_ours(folder):
    (folder / "db.ovf").write_text(DESCRIPTOR.replace("web server", "db"))
    (folder / "db.mf").write_text("SHA256(db.ovf)= 00\nSHA256(disk.vmdk)= 00\n")
    with Package(str(folder / "web.ovf")) as package:
        assert (package.manifest, package.verify()) == ("web.mf", [])


@pytest.mark.parametrize("algorithm", ["sha1", "sha512", "sha384"])
def test_other_digests(folder, algorithm):
    digests = {name: hashlib.new(algorithm, (folder / name).read_bytes()).hexdigest() for name in ("web.ovf", "disk.vmdk")}
    (folder / "web.mf").write_text("".join(f"{algorithm.upper()}(./{name})= {hexed}\n" for name, hexed in digests.items()))
    with Package(str(folder / "web.ovf")) as package:
        assert package.verify() == []
    (folder / "disk.vmdk").write_bytes(DISK[:-1] + b"x")
    with Package(str(folder / "web.ovf")) as package, pytest.raises(ConvergeError, match="is damaged"):
        package.verify()


def without_manifest(folder, old="", new="", **files):
    (folder / "web.mf").unlink()
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return replaced(folder, old, new) if old else str(folder / "web.ovf")


def test_an_archive_made_of_dot_slash_names(folder):
    path = folder / "web.ova"
    with tarfile.open(path, "w") as tar:
        for name in ("web.ovf", "disk.vmdk", "web.mf"):
            tar.add(folder / name, arcname=f"./{name}")
        tar.add(folder / "web.ovf", arcname="./._web.ovf")
    with Package(str(path)) as package:
        assert package.verify() == []
        assert package.content("disk.vmdk").size == 16384


def test_an_archive_of_a_folder(folder):
    path = folder / "web.ova"
    with tarfile.open(path, "w") as tar:
        for name in ("web.ovf", "disk.vmdk", "web.mf"):
            tar.add(folder / name, arcname=f"web/{name}")
    with Package(str(path)) as package:
        assert package.verify() == []


@pytest.mark.parametrize(("href", "name"), [
    ("my%20disk.vmdk", "my disk.vmdk"),
    ("my%20disk.vmdk", "my%20disk.vmdk"),
    ("./sub/../disk1.vmdk", "disk1.vmdk"),
    ("sub/disk%231.vmdk", "sub/disk#1.vmdk"),
])
def test_references_are_paths_as_urls_write_them(folder, href, name):
    path = without_manifest(folder, 'href="disk.vmdk"', f'href="{href}"')
    (folder / "sub").mkdir()
    (folder / "disk.vmdk").rename(folder / name)
    with Package(path) as package:
        assert package.content(href).size == 16384
        assert package.content(href).parts == [name]


def test_a_compressed_file_is_given_as_it_was(folder):
    packed = gzip.compress(DISK)
    path = without_manifest(folder, 'ovf:size="16384"', f'ovf:size="{len(packed)}" ovf:compression="gzip"', disk_vmdk=packed)
    with Package(path) as package:
        assert len(package.verify()) == 1
        content = package.content("disk.vmdk")
        assert (content.stored, content.size) == (len(packed), len(DISK))
        with content.open() as file:
            assert file.read() == DISK


@pytest.mark.parametrize("bad", [DISK, gzip.compress(DISK)[:-20], gzip.compress(DISK)[:60] + b"x" * 200])
def test_what_is_not_the_gzip_it_is_said_to_be(folder, bad):
    path = without_manifest(folder, 'ovf:size="16384"', 'ovf:compression="gzip"', disk_vmdk=bad)
    with Package(path) as package, pytest.raises(ConvergeError, match="is not the gzip that the descriptor says"):
        package.verify()


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_in_pieces_is_given_whole(folder, compressed):
    whole = gzip.compress(DISK, compresslevel=0) if compressed else DISK
    said = 'ovf:chunkSize="5000"' + (' ovf:compression="gzip"' if compressed else "")
    path = without_manifest(folder, 'ovf:size="16384"', f'{said} ovf:size="{len(whole)}"')
    (folder / "disk.vmdk").unlink()
    for number, start in enumerate(range(0, len(whole), 5000)):
        (folder / f"disk.vmdk.{number:09d}").write_bytes(whole[start : start + 5000])
    with Package(path) as package:
        assert package.content("disk.vmdk").size == len(DISK)
        with package.content("disk.vmdk").open() as file:
            assert file.read() == DISK
    (folder / "disk.vmdk.000000001").write_bytes(b"short")
    with pytest.raises(ConvergeError, match=r"'disk\.vmdk\.000000001' has 5 bytes; a piece of 'disk\.vmdk' has 5000"):
        Package(path)
    (folder / "disk.vmdk.000000001").unlink()
    with pytest.raises(ConvergeError, match=r"'disk\.vmdk' has 5000 bytes, not"):
        Package(path)
    (folder / "disk.vmdk.000000000").unlink()
    with pytest.raises(ConvergeError, match=r"needs 'disk\.vmdk\.000000000'"):
        Package(path)


@pytest.mark.parametrize(("bytes_", "words"), [
    (b"hello world", "'disk.vmdk' is no VMDK: it begins with b'hello world'"),
    (b"", "is no VMDK"),
    (DISK[:100], "is no VMDK"),
    (gzip.compress(DISK), "is compressed with gzip, and the descriptor does not say so"),
    (b"# Disk DescriptorFile\nversion=1", "only describes a disk"),
    (b"QFI\xfb" + DISK[4:], "is no VMDK"),
    (disk(4 * 2**30, flags=3), "not a stream-optimised one"),
    (disk(5 * 2**30), "holds a disk of 5368709120 bytes, the descriptor says that it has 4294967296"),
])
def test_the_bytes_of_a_disk_are_looked_at(folder, bytes_, words):
    path = without_manifest(folder, ' ovf:size="16384"', "", disk_vmdk=bytes_)
    with Package(path) as package, pytest.raises(ConvergeError, match=words):
        package.verify()


def test_a_disk_smaller_than_the_descriptor_says_is_said(folder):
    for held, said in ((2 * 2**30, 1), (4 * 2**30 - 512, 0)):
        (folder / "disk.vmdk").write_bytes(disk(held))
        (folder / "web.mf").unlink(missing_ok=True)
        with Package(str(folder / "web.ovf")) as package:
            assert len([text for text in package.verify() if "holds a disk of" in text]) == said


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
        ('href="disk.vmdk"', 'href="%2e%2e/disk.vmdk"', "beside the descriptor"),
        ('href="disk.vmdk"', 'href="/etc/passwd"', "beside the descriptor"),
        ('href="disk.vmdk"', 'href="http://x/disk.vmdk"', "beside the descriptor"),
        ('ovf:id="file1"', 'ovf:id="file1" ovf:compression="bzip2"', "compressed with 'bzip2'"),
        ("</VirtualSystem>", '</VirtualSystem><VirtualSystem ovf:id="two"/>', "holds 2 virtual systems"),
        ("Envelope", "Letter", "its root is <Letter>"),
        (">512<", ">much<", "'much'; it must be a whole number"),
        ("ovf:/disk/d1", "ovf:/disk/d9", "a drive with the disk 'd9', which it does not describe; it describes: d1, unused"),
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
    with pytest.raises(ConvergeError, match=r"it is not (XML|text)"):
        Package(str(folder / "binary.ovf"))
    (folder / "binary.ova").write_bytes(b"\xff\xfe\x00\x81" * 1000)
    with pytest.raises(ConvergeError, match="cannot be read"):
        Package(str(folder / "binary.ova"))
    with pytest.raises(ConvergeError, match=r"holds no \.ovf"):
        Package(archive(folder, "disk.vmdk"))


def test_manifest_lines():
    text = "SHA256(a.ovf)= AB\n\nSHA1 (b c.vmdk) = cd\r\n"
    assert parse_manifest(text, "x.mf") == {"a.ovf": ("sha256", "ab"), "b c.vmdk": ("sha1", "cd")}
    assert parse_manifest("SHA2-256(./a%20b.vmdk)= 00\nSHA-512(b)= 11", "x") == {
        "a%20b.vmdk": ("sha256", "00"), "b": ("sha512", "11")}
    for bad in ("nonsense", "MD5(a)= 00", "SHA256(a)= xyz"):
        with pytest.raises(ConvergeError, match=r"x.mf: '.*' is not like"):
            parse_manifest(bad, "x.mf")
