# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that declare a pool and zvols, of every module that has them: those of module_utils/freenas/volume/options.py."""

from __future__ import annotations


class ModuleDocFragment:
    """Used as ``extends_documentation_fragment: livelab.datacenter.volumes``."""

    DOCUMENTATION = r"""
options:
  pool:
    description:
      - The pool to make if it is not there. One that is there is never changed.
    type: dict
    suboptions:
      name:
        description: Name of the pool.
        type: str
        required: true
      disks:
        description: Disks to make it of, for example V(da1). They must be in no other pool. Their contents are lost.
        type: list
        elements: str
      layout:
        description:
          - How the disks work together. V(stripe) has no redundancy.
          - V(raid10) is mirrors of two, striped; it needs an even number of disks, four at least.
        type: str
        choices: [stripe, mirror, raid10, raidz1, raidz2, raidz3]
        default: stripe
  zvols:
    description: Volumes in pools, of which extents can be made.
    type: list
    elements: dict
    suboptions:
      name:
        description: Pool and name, for example V(tank/vmware).
        type: str
        required: true
      size:
        description:
          - Size in bytes, or with a unit (K, M, G, T, P; powers of 1024), for example V(12G). It must be a multiple of
            its blocks.
          - A zvol can grow. It cannot shrink.
        type: str
        required: true
      sparse:
        description: Whether a new zvol takes room only for what is written (thin provisioning).
        type: bool
        default: false
      volblocksize:
        description: Block size of a new zvol. The NAS chooses if this is not set.
        type: str
        choices: ['512', 1K, 2K, 4K, 8K, 16K, 32K, 64K, 128K]
      force_size:
        description: Whether it may take more than 80 % of the room that is available, which the NAS advises against.
        type: bool
        default: false
"""
