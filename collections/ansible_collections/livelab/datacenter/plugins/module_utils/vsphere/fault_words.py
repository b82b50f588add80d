# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the faults of the vSphere API mean, and what helps: data only.

A fault of a type that is not here is told as the nearest type that it derives from; every family has an entry.
``{name|the object}`` stands for the fault's property ``name``, in quotation marks, or for ``the object`` where it has none.
"""

from __future__ import annotations

_LOOK = "The events of the object in the vSphere client, and the logs of the host, say more"
_AGAIN = "Run it again once that has ended"
_REACH = "Check that the host is up, and that the vCenter reaches it by that name and port"
_VNIC = "Bind one whose port group has exactly one active uplink (esxi_iscsi)"

# {type: (what it means, what helps)}
WORDS: dict[str, tuple[str, str]] = {
    # -- every family ------------------------------------------------------------------------------------------------
    "MethodFault": ("the server refuses it", _LOOK),
    "RuntimeFault": ("the server cannot do it", _LOOK),
    "VimFault": ("the server refuses it", _LOOK),
    "SystemError": ("the server failed at it", _LOOK),
    "UnexpectedFault": ("the server failed at it in a way that it has no words for", _LOOK),
    "HostConfigFault": ("the host could not be configured so", _LOOK),
    "PlatformConfigFault": (
        "the host's own system refused it", "Compare the values with what this version of ESXi takes. " + _LOOK
    ),
    "HostConnectFault": ("the vCenter and the host did not come together", _REACH),
    "FileFault": (
        "the file {file|that it needs} cannot be used", "See in the datastore browser whether it is there and free"
    ),
    "VmConfigFault": (
        "the host cannot run a machine that is configured so", "Change the machine's hardware, or choose another host"
    ),
    "MigrationFault": ("the machine cannot move there", "Change what is said here, or choose another host"),
    "InsufficientResourcesFault": (
        "the host, the cluster or the pool has not enough left", "Free some CPU, memory or space there, or choose another place"
    ),
    "IscsiFault": ("the iSCSI adapter refuses it", "Compare the port binding and the targets with esxi_iscsi's options"),
    "InvalidState": ("it is in a state that does not allow this", "Bring it into another state first, then run it again"),
    "SecurityError": ("the server does not allow it", "Give this user the right to do it, or log in as one who has it"),
    "NotEnoughLicenses": ("the licence does not allow it", "Assign a licence that does"),
    "OvfFault": ("the package cannot be taken as it is", "Export it again, or mend its descriptor"),
    "SnapshotFault": ("the machine's snapshots do not allow it", "Remove or consolidate its snapshots first"),
    "DvsFault": ("the distributed switch refuses it", "Change it at the distributed switch, in the vCenter"),
    "DasConfigFault": ("the cluster's high availability cannot be configured so", _LOOK),
    "GuestOperationsFault": ("the guest refuses it", "See that VMware Tools run in the guest"),
    "LicenseAssignmentFailed": ("the licence cannot be assigned", "Assign one that fits the product"),
    # -- names and objects -------------------------------------------------------------------------------------------
    "AlreadyExists": ("{name|what is to be made} exists already", "Choose another name, or remove the one that is there"),
    "DuplicateName": ("the name {name|given} is taken already", "Choose another name, or remove what has it"),
    "InvalidName": (
        "{name|what is given} is not a valid name", "A name has 1 to 80 characters, and none that cannot be printed"
    ),
    "NotFound": ("it does not exist (any more)", "Run it again: the state is read anew"),
    "ManagedObjectNotFound": ("it does not exist any more", "Run it again: the state is read anew"),
    "CannotAccessFile": ("the file {file|that it needs} cannot be read at the moment", "See whether its datastore is accessible"),
    "FileNotFound": ("the file {file|that it needs} is not there", "See in the datastore browser what there is"),
    "FileAlreadyExists": (
        "the file {file|to be written} is there already", "Remove it in the datastore browser, or choose another name"
    ),
    "FileLocked": ("the file {file|that it needs} is in use by another host or machine", "Switch off what uses it"),
    "NoDiskSpace": (
        "the datastore {datastore|of its files} is full", "Free some space there, or choose another datastore"
    ),
    "InvalidArgument": (
        "the value of {invalidProperty|one of the options} is not accepted", "Compare it with what the server's version takes"
    ),
    "OutOfBounds": (
        "the value of {argumentName|one of the options} is out of range", "Give one within the range of the server"
    ),
    "InvalidType": (
        "the server does not know {argument|that type of object}", "Choose what this version of the server has"
    ),
    "InvalidProperty": ("the server does not know the property {name|asked for}", "A newer version of the server has it"),
    "InvalidCollectorVersion": ("the server has forgotten what was asked of it", "Run it again: the state is read anew"),
    "InvalidLocale": ("the server has not the language asked for", "Leave the language to the server"),
    "InvalidDatastore": (
        "the datastore {name|asked for} cannot be used", "Choose one that the host has mounted (esxi_datastore)"
    ),
    "InvalidDatastorePath": (
        "the path {datastorePath|given} is none of a datastore", "It must be of the form [datastore] folder/file"
    ),
    "InaccessibleDatastore": (
        "the datastore {name|of its files} is not accessible", "See that its storage is reached: esxi_iscsi"
    ),
    "ResourceInUse": ("{name|it} is in use", "Free it from what uses it first"),
    "ConcurrentAccess": ("someone else is changing it at the same time", _AGAIN),
    "TaskInProgress": ("another task is working on it", _AGAIN),
    "Timedout": ("it took longer than the server waits", _LOOK),
    "RequestCanceled": ("the task was cancelled", "Run it again, or ask who cancelled it"),
    "InvalidRequest": ("the server does not understand the question", "See that pyVmomi is as new as the server"),
    "MethodNotFound": ("the server has no such function", "A newer version of the server has it"),
    "NotImplemented": ("the server has no such function", "A newer version of the server has it"),
    "NotSupported": ("the server does not support it", "Change what is asked for to what this version and edition have"),
    # -- users and licences ------------------------------------------------------------------------------------------
    "InvalidLogin": ("wrong user name or password", "A vCenter wants user@domain"),
    "NoPermission": (
        "the user lacks the privilege {privilegeId|for it}", "Give it to the user, or log in as one who has it"
    ),
    "NotAuthenticated": ("the session has ended, or the user has no right to do this", "Log in again, as a user who may"),
    "NoPermissionOnHost": ("the user given for the host may not do this there", "Give one who may: root"),
    "RestrictedVersion": ("the host's licence does not allow it", "Assign a licence that does"),
    "HostAccessRestrictedToManagementServer": (
        "the host is managed by the vCenter {managementServer|that it is in}, and is locked down", "Ask that vCenter instead"
    ),
    # -- hosts -------------------------------------------------------------------------------------------------------
    "SSLVerifyFault": (
        "the certificate is not trusted; its thumbprint is {thumbprint|not told}", "Compare it, and give it as 'esxi_thumbprint'"
    ),
    "NoHost": ("the host {name|asked for} cannot be reached", _REACH),
    "AlreadyConnected": (
        "the host {name|asked for} is connected already", "Nothing has to be done; disconnect it to add it anew"
    ),
    "AlreadyBeingManaged": (
        "the host is managed by another vCenter, at {ipAddress|an address not told}",
        "Remove it there, or take it with force: true",
    ),
    "HostCommunication": ("the server cannot communicate with the host", _REACH),
    "HostNotConnected": ("the host is not connected", "Connect it first (vcenter_host)"),
    "HostNotReachable": ("the host cannot be reached", _REACH),
    "InvalidHostState": (
        "the host {host|asked for} is in a state that does not allow this", "Connect it, or end its maintenance mode"
    ),
    # -- machines ----------------------------------------------------------------------------------------------------
    "InvalidPowerState": (
        "the virtual machine is {existingState|in another power state} and would have to be {requestedState|in another}",
        "Change its power state first (vm_power)",
    ),
    "ToolsUnavailable": (
        "VMware Tools do not run in the guest", "Install or start them there, or use state: powered-off or reset (vm_power)"
    ),
    "QuestionPending": ("the virtual machine waits for an answer: {text|see there}", "Answer it in the vSphere client"),
    "VMotionNotConfigured": (
        "host {*failedHost|of the move} has no VMkernel adapter enabled for vMotion",
        "Enable one (esxi_network vmkernels[].services: [vmotion])",
    ),
    "VMotionLinkDown": (
        "the network adapter under the vMotion VMkernel adapter of host {*failedHost|of the move} has no link",
        "Plug it in, or give its vSwitch another uplink (esxi_network)",
    ),
    "VMotionNotLicensed": (
        "the licence of host {*failedHost|of the move} does not cover vMotion", "Assign one that does"
    ),
    "VMotionNotSupported": ("host {*failedHost|of the move} does not support vMotion", "Choose another host"),
    "CannotAccessNetwork": (
        "host {*destination|of the move} has not the network of its {device|network adapter}",
        "Create it there, or name another with networks",
    ),
    "CannotAccessVmComponent": (
        "host {*destination|of the move} does not see its files", "Put them on storage both hosts share, or name a datastore"
    ),
    "DatastoreNotWritableOnHost": (
        "host {*destination|of the move} cannot write to the datastore {name|of its files}",
        "Put its files on storage both hosts share, or name a datastore",
    ),
    # -- iSCSI -------------------------------------------------------------------------------------------------------
    "IscsiFaultInvalidVnic": ("{vnicDevice|the VMkernel adapter} cannot be bound", _VNIC),
    "IscsiFaultPnicInUse": (
        "the network adapter {pnicDevice|under it} is in use by iSCSI", "Unbind it first (esxi_iscsi)"
    ),
    "IscsiFaultVnicInUse": ("{vnicDevice|the VMkernel adapter} is in use by iSCSI", "Unbind it first (esxi_iscsi)"),
    "IscsiFaultVnicAlreadyBound": (
        "{vnicDevice|the VMkernel adapter} is bound to an iSCSI adapter already", "Unbind it there first (esxi_iscsi)"
    ),
    "IscsiFaultVnicHasActivePaths": (
        "{vnicDevice|the VMkernel adapter} carries paths to storage", "Bind another first, or remove the targets reached by it"
    ),
    "IscsiFaultVnicHasMultipleUplinks": (
        "the port group of {vnicDevice|the VMkernel adapter} has several active uplinks", _VNIC
    ),
    "IscsiFaultVnicHasNoUplinks": ("the port group of {vnicDevice|the VMkernel adapter} has no active uplink", _VNIC),
    "IscsiFaultVnicHasWrongUplink": (
        "{vnicDevice|the VMkernel adapter} has not the uplink that this iSCSI adapter works by", "Bind one that has"
    ),
    "IscsiFaultVnicIsLastPath": (
        "{vnicDevice|the VMkernel adapter} carries the last path to storage", "Bind another first, or unmount what is on it"
    ),
    "IscsiFaultVnicNotBound": ("{vnicDevice|the VMkernel adapter} is not bound", "Run it again: the state is read anew"),
    "IscsiFaultVnicNotFound": (
        "the host has no VMkernel adapter {vnicDevice|of that name}", "Create it first (esxi_network vmkernels)"
    ),
}
