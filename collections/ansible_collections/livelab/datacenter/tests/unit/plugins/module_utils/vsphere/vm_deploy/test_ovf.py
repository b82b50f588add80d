# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF descriptors as the DMTF writes them: deployment options, properties, ranges, units, OVF 2's elements."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf_xml import units

from .conftest import DESCRIPTOR


def item(kind, quantity, **more):
    attributes = "".join(f' ovf:{key}="{value}"' for key, value in more.items() if key in ("configuration", "bound"))
    fields = {key: value for key, value in more.items() if key not in ("configuration", "bound")}
    inner = "".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in fields.items())
    return (f"<Item{attributes}>{inner}<rasd:ResourceType>{kind}</rasd:ResourceType>"
            f"<rasd:VirtualQuantity>{quantity}</rasd:VirtualQuantity></Item>")


def cpu(quantity, **more):
    return item(3, quantity, **more)


OPTIONS = """<DeploymentOptionSection><Info>Sizes</Info>
  <Configuration ovf:id="small"/><Configuration ovf:id="medium"{medium}/><Configuration ovf:id="large"/>
</DeploymentOptionSection>"""
SIZES = "".join(
    cpu(count, configuration=name, InstanceID=1) + item(4, count * 1024, configuration=name, InstanceID=2)
    for name, count in (("small", 2), ("medium", 4), ("large", 8))
)
PRODUCT = """<ProductSection ovf:class="{cls}"><Info>Product</Info>
  <Property ovf:key="datadisksize" ovf:type="uint32" ovf:value="20"><Value ovf:value="40" ovf:configuration="large"/></Property>
  <Property ovf:key="root" ovf:type="string" ovf:password="true"/>
</ProductSection>"""


def descriptor(options="", items=None, product="", disk="", system=""):
    """The whole small package's descriptor with other sections."""
    text = DESCRIPTOR
    if items is not None:
        start, end = text.index("<Item><rasd:ResourceType>3"), text.index("<Item><rasd:HostResource>")
        text = text[:start] + items + text[end:]
    text = text.replace("<NetworkSection>", f"{options}<NetworkSection>").replace("</VirtualSystem>", f"{system}</VirtualSystem>")
    text = text.replace("<VirtualHardwareSection>", f"{product}<VirtualHardwareSection>")
    return (text.replace('ovf:capacity="4"', f'ovf:capacity="{disk}"') if disk else text).encode()


def parse(option=None, given=None, **sections):
    return ovf.parse(descriptor(**sections), "web.ovf", option, given)


@pytest.mark.parametrize(("default", "wanted", "cpus"), [
    ("", None, 2),
    (' ovf:default="true"', None, 4),
    (' ovf:default="1"', None, 4),
    (' ovf:default="true"', "large", 8),
    ("", "medium", 4),
])
def test_only_the_hardware_of_the_option_counts(default, wanted, cpus):
    found = parse(wanted, options=OPTIONS.format(medium=default), items=SIZES)
    assert (found.cpus, found.memory_mb) == (cpus, cpus * 1024)
    assert found.option == {2: "small", 4: "medium", 8: "large"}[cpus]


def test_an_option_that_is_not_there():
    with pytest.raises(ConvergeError, match="no deployment option 'tiny'; it has: large, medium, small"):
        parse("tiny", options=OPTIONS.format(medium=""), items=SIZES)
    with pytest.raises(ConvergeError, match="no deployment option 'small'; it has: none"):
        parse("small")


@pytest.mark.parametrize(("items", "option", "cpus"), [
    # What is of the option takes the place of what is of all.
    (cpu(1, InstanceID=1) + cpu(6, InstanceID=1, configuration="large"), "large", 6),
    (cpu(6, InstanceID=1, configuration="large") + cpu(1, InstanceID=1), "large", 6),
    (cpu(1, InstanceID=1) + cpu(6, InstanceID=1, configuration="large"), "small", 1),
    (cpu(1, InstanceID=1) + cpu(6, InstanceID=9, configuration="large"), "large", 6),
    (cpu(3, configuration="small large", InstanceID=1), "large", 3),
    # Two processors of one core are two.
    (cpu(1, InstanceID=1) + cpu(1, InstanceID=2), "small", 2),
    # The least and the most are no quantity.
    (cpu(2, InstanceID=1) + cpu(1, InstanceID=1, bound="min") + cpu(16, InstanceID=1, bound="max"), "small", 2),
    (cpu(1, InstanceID=2, bound="min") + cpu(16, InstanceID=3, bound="max") + cpu(2, InstanceID=1, bound="normal"), "small", 2),
    (cpu(2, InstanceID=1) + cpu(2, InstanceID=1, bound="normal"), "small", 2),
])
def test_which_items_count(items, option, cpus):
    found = parse(option, options=OPTIONS.format(medium=""), items=items + item(4, 64, InstanceID=50))
    assert (found.cpus, found.memory_mb) == (cpus, 64)


@pytest.mark.parametrize(("option", "given", "gib"), [
    (None, None, 20),
    ("large", None, 40),
    ("large", {"datadisksize": 80}, 80),
    (None, {"lab.datadisksize": "60"}, 60),
])
@pytest.mark.parametrize("reference", ["${datadisksize}", "${lab.datadisksize}", "${ datadisksize }"])
def test_a_capacity_from_a_property(reference, option, given, gib):
    options = OPTIONS.format(medium="")
    found = parse(option, given, options=options, product=PRODUCT.format(cls="lab"), disk=reference)
    assert found.disks[0].capacity == gib * 2**30
    assert [one.value for one in found.properties.values() if one.given] == [str(value) for value in (given or {}).values()]


def test_properties_that_cannot_be():
    product = PRODUCT.format(cls="lab")
    for given, words in [
        ({"size": 1}, "the package has no property 'size'; it has: lab.datadisksize, lab.root"),
        ({"datadisksize": "much"}, "the OVF descriptor's capacity of the disk 'd1' is 'much'"),
    ]:
        with pytest.raises(ConvergeError, match=words):
            parse(None, given, product=product, disk="${datadisksize}")
    with pytest.raises(ConvergeError, match=r"properties must give 'lab\.root'"):
        parse(product=product, disk="${root}")
    with pytest.raises(ConvergeError, match="refers to a property 'nosuch' that it does not have"):
        parse(product=product, disk="${nosuch}")
    with pytest.raises(ConvergeError, match=r"'root' can be each of a\.root, b\.root; give it in full"):
        parse(None, {"root": "x"}, product=PRODUCT.format(cls="a") + PRODUCT.format(cls="b"))


def test_passwords_are_known_as_such():
    found = parse(None, {"root": "s", "datadisksize": True}, product=PRODUCT.format(cls=""))
    assert {key: (one.value, one.secret) for key, one in found.properties.items()} == {
        "root": ("s", True), "datadisksize": ("true", False)}


@pytest.mark.parametrize(("text", "size"), [
    ("byte", 1), (None, 1), ("", 1), ("byte * 2^20", 2**20), ("byte*2^10", 1024), ("byte * 1000", 1000), ("byte * 10^9", 10**9),
    ("Byte * 2^30", 2**30), ("byte * 2^10 * 3", 3072), ("MegaBytes", 2**20), ("GigaBytes", 2**30), ("KB", 1024), ("TB", 2**40),
])
def test_units(text, size):
    assert units(text) == size


@pytest.mark.parametrize("text", ["furlongs", "byte + 2", "byte * 2^x", "byte * 0", "byte *", "bit * 8", "byte * 2^999999"])
def test_units_that_are_none(text):
    with pytest.raises(ConvergeError, match="expected something like"):
        units(text)


def test_memory_in_its_unit():
    for unit, count, mib in (("byte * 2^30", 4, 4096), ("GigaBytes", 2, 2048), ("byte", 2**30, 1024), ("byte * 10^9", 4, 3814)):
        assert parse(items=cpu(1) + item(4, count, AllocationUnits=unit)).memory_mb == mib


def test_elements_of_ovf_2_and_an_empty_disk():
    items = """<StorageItem><sasd:HostResource xmlns:sasd="s">ovf:/disk/unused</sasd:HostResource><sasd:ResourceType
        xmlns:sasd="s">17</sasd:ResourceType></StorageItem>
        <EthernetPortItem><epasd:ResourceType xmlns:epasd="e">10
        </epasd:ResourceType><epasd:Connection xmlns:epasd="e">WAN</epasd:Connection></EthernetPortItem>"""
    empty = item(17, 3, AllocationUnits="byte * 2^30", InstanceID=7)
    found = parse(items=cpu(1) + item(4, 64) + items + empty)
    assert [disk.capacity for disk in found.disks] == [2**30, 3 * 2**30, 4 * 2**30]
    assert (found.nics, found.connected) == (2, ("WAN", "VM Network"))


def test_sections_of_other_elements_are_not_counted():
    found = parse(system='<x:Annotations xmlns:x="x"><x:Item><x:ResourceType>3</x:ResourceType></x:Item></x:Annotations>')
    assert found.cpus == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
def test_encodings(encoding):
    declared = "UTF-8" if "8-sig" in encoding or encoding == "utf-8" else encoding
    text = DESCRIPTOR.replace('encoding="UTF-8"', f'encoding="{declared}"').replace("web server", "Servidor español")
    found = ovf.parse(text.encode(encoding), "web.ovf")
    assert found.name == "Servidor español"
    assert found.text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert found.text.count("<?xml") == 1
    assert ovf.parse(found.text.encode(), "again").name == found.name


@pytest.mark.parametrize("doctype", [
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
    '<!DOCTYPE Envelope SYSTEM "file:///etc/passwd">',
    "<!-- > --><!DOCTYPE Envelope>",
])
def test_document_types_are_refused(doctype):
    text = DESCRIPTOR.replace("<Envelope", f"{doctype}<Envelope", 1)
    with pytest.raises(ConvergeError, match="it has a document type"):
        ovf.parse(text.encode(), "web.ovf")
