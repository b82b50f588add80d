# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_deploy with packages as others make them, names as others give them, and places that have to be told apart."""

from __future__ import annotations

import gzip
import shutil
import tarfile

import pytest

from tests.support import states
from tests.support.package import changed, make_package, write_manifest

pytestmark = pytest.mark.integration

OPTIONS = """<DeploymentOptionSection><Info>Sizes</Info><Configuration ovf:id="small"><Label>s</Label><Description>s</Description>
</Configuration><Configuration ovf:id="large"><Label>l</Label><Description>l</Description></Configuration>
</DeploymentOptionSection>"""
PRODUCT = """<ProductSection><Info>Product</Info><Product>web</Product>
<Property ovf:key="datadisksize" ovf:type="uint32" ovf:value="16" ovf:userConfigurable="true"/>
<Property ovf:key="root" ovf:type="string" ovf:password="true" ovf:userConfigurable="true"/></ProductSection>"""
CPU = "<Item><rasd:ElementName>2 CPUs</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def site(ansible):
    states.build(ansible)
    return ansible


@pytest.fixture
def deploy(site, twin):
    """Deploys a machine, asserts all that a declared state has to do, and removes it afterwards."""
    done = []

    def converge(name, ovf, **options):
        args = {
            "name": name,
            "ovf": str(ovf),
            "esxi_hostname": states.host_name(twin, 2),
            "datastore": states.DATASTORE,
            "networks": {"LAN": "VM Network"},
            **options,
        }
        result = site.converge("vm_deploy", args, "vcenter")
        done.append(result.data["vm"]["moid"])
        again = site.unchanged("vm_deploy", args, "vcenter")
        assert again.data["differences"] == [], again.data
        return result

    yield converge
    for moid in done:
        gone = site.run("vm_deploy", {"name": moid, "state": "absent"}, "vcenter")
        assert gone.changed, gone.data


@pytest.mark.parametrize("name", ["web/1", "50%", "a\\b", "web%2f9"])
def test_names_with_letters_that_a_vcenter_escapes(site, deploy, package, name):
    result = deploy(name, package / "web.ovf")
    assert result.data["vm"]["name"] == name
    (found,) = site.run("vm_info", {"names": [name]}, "vcenter").data["machines"]
    assert found["moid"] == result.data["vm"]["moid"]
    done = site.run("vm_power", {"name": name, "state": "powered-on"}, "vcenter")
    assert not done.failed, done.msg
    done = site.run("vm_power", {"name": name, "state": "powered-off"}, "vcenter")
    assert not done.failed, done.msg


def test_only_the_hardware_of_the_deployment_option_comes(deploy, package, tmp_path):
    items = "".join(
        f'<Item ovf:configuration="{size}"><rasd:ElementName>CPUs</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>'
        f"<rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>{count}</rasd:VirtualQuantity></Item>"
        for size, count in (("small", 1), ("large", 4))
    )
    two = f"{CPU}<rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>"
    sized = changed(package, tmp_path, (two, items), ("<NetworkSection>", f"{OPTIONS}<NetworkSection>"))
    assert deploy("small", sized / "web.ovf").data["vm"]["cpus"] == 1
    assert deploy("large", sized / "web.ovf", deployment_option="large").data["vm"]["cpus"] == 4


def test_a_capacity_from_a_propertys_default(site, deploy, package, tmp_path):
    sized = changed(
        package,
        tmp_path,
        ('capacity="16"', 'capacity="${datadisksize}"'),
        ("<VirtualHardwareSection>", f"{PRODUCT}<VirtualHardwareSection>"),
    )
    result = deploy("sized", sized / "web.ovf", properties={"root": "Geh3im-passwort"})
    assert result.data["vm"]["disks_bytes"] == [16 * 2**20]
    assert "Geh3im-passwort" not in result.output


def test_an_archive_made_of_dot_slash_names(deploy, package, tmp_path):
    with tarfile.open(tmp_path / "web.ova", "w") as tar:
        for name in ("web.ovf", "web.mf", "web.vmdk"):
            tar.add(package / name, arcname=f"./{name}")
    result = deploy("dots", tmp_path / "web.ova")
    assert result.data["vm"]["disks_bytes"] == [16 * 2**20]
    assert not result.data.get("warnings")


def test_a_compressed_disk_in_pieces_with_a_name_of_its_own(deploy, package, tmp_path):
    packed = gzip.compress((package / "web.vmdk").read_bytes())
    size = (package / "web.vmdk").stat().st_size
    odd = changed(
        package,
        tmp_path,
        ('href="web.vmdk"', 'href="my%20web.vmdk"'),
        (f'size="{size}"', f'size="{len(packed)}" ovf:compression="gzip" ovf:chunkSize="30000"'),
    )
    (odd / "web.mf").unlink()
    for number, start in enumerate(range(0, len(packed), 30000)):
        (odd / f"my web.vmdk.{number:09d}").write_bytes(packed[start : start + 30000])
    result = deploy("pieces", odd / "web.ovf")
    assert result.data["uploaded_bytes"] == size
    assert any("no manifest" in text for text in result.data["warnings"])


def test_machines_of_one_name_are_told_apart(site, twin, deploy, package):
    folder = "vm"
    first = deploy("twice", package / "web.ovf").data["vm"]
    assert first["path"] == f"/{states.DATACENTER}/{folder}/twice"
    for name in (first["path"], first["uuid"], first["moid"]):
        again = site.run("vm_deploy", {"name": name, "ovf": str(package / "web.ovf")}, "vcenter")
        assert not again.failed, again.msg
        assert again.data["vm"]["moid"] == first["moid"]
        assert not again.changed


def test_a_manifest_by_another_name_is_found(deploy, package, tmp_path):
    shutil.copytree(package, tmp_path, dirs_exist_ok=True)
    (tmp_path / "web.mf").unlink()
    write_manifest(tmp_path, "other.mf")
    result = deploy("other", tmp_path / "web.ovf")
    assert result.data["changes"][0]["after"]["manifest"] == "other.mf"
