// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// view is a host as one registry shows it: the HostSystem and the objects of its configManager. The host's own endpoint has one,
// vCenter another.
type view struct {
	host *Host
	reg  *registry
	// name of the host in this registry.
	name string
	// system is the registered HostSystem; its mo fields are only touched under the registry's lock on it.
	system *simulator.HostSystem
	// datacenter holds the folders in which the host's networks and datastores are.
	datacenter types.ManagedObjectReference
	parts      parts
	// away is set while vCenter has no connection to the host. The host's own endpoint is never away.
	away atomic.Pointer[types.HostSystemConnectionState]
}

// parts are the registered objects of a host's configManager that show its state.
type parts struct {
	network   *mo.HostNetworkSystem
	nics      *mo.HostVirtualNicManager
	vmotion   *mo.HostVMotionSystem
	services  *mo.HostServiceSystem
	dateTime  *mo.HostDateTimeSystem
	storage   *mo.HostStorageSystem
	datastore *mo.HostDatastoreSystem
	iscsi     *mo.IscsiManager
	vsan      *mo.HostVsanSystem
}

// newView takes over a HostSystem of the simulator: its configManager's objects become ours.
func newView(h *Host, reg *registry, system *simulator.HostSystem, datacenter types.ManagedObjectReference) *view {
	v := &view{host: h, reg: reg, name: system.Name, system: system, datacenter: datacenter}
	v.registerParts()
	v.describe()
	return v
}

// registerParts puts the configManager's objects into the registry, and the overlays that answer their methods.
func (v *view) registerParts() {
	p, cm := &v.parts, &v.system.ConfigManager
	p.network = &mo.HostNetworkSystem{Capabilities: v.system.Config.Capabilities, OffloadCapabilities: v.system.Config.OffloadCapabilities}
	p.nics = &mo.HostVirtualNicManager{}
	p.vmotion = &mo.HostVMotionSystem{}
	p.services = &mo.HostServiceSystem{}
	p.dateTime = &mo.HostDateTimeSystem{}
	p.storage = &mo.HostStorageSystem{}
	p.datastore = &mo.HostDatastoreSystem{Capabilities: *v.system.Config.DatastoreCapabilities}
	p.iscsi = &mo.IscsiManager{}
	p.vsan = &mo.HostVsanSystem{Config: *v.system.Config.VsanHostConfig}

	v.part(&cm.NetworkSystem, p.network, &p.network.Self, func(o *overlay) mo.Reference { return &networkMethods{o, v} })
	v.part(&cm.VirtualNicManager, p.nics, &p.nics.Self, func(o *overlay) mo.Reference { return &nicMethods{o, v} })
	v.part(&cm.VmotionSystem, p.vmotion, &p.vmotion.Self, func(o *overlay) mo.Reference { return &vmotionMethods{o, v} })
	v.part(&cm.ServiceSystem, p.services, &p.services.Self, func(o *overlay) mo.Reference { return &serviceMethods{o, v} })
	v.part(&cm.DateTimeSystem, p.dateTime, &p.dateTime.Self, func(o *overlay) mo.Reference { return &dateTimeMethods{o, v} })
	v.part(&cm.StorageSystem, p.storage, &p.storage.Self, func(o *overlay) mo.Reference { return &storageMethods{o, v} })
	v.part(&cm.DatastoreSystem, p.datastore, &p.datastore.Self, func(o *overlay) mo.Reference { return &datastoreMethods{o, v} })
	v.part(&cm.IscsiManager, p.iscsi, &p.iscsi.Self, func(o *overlay) mo.Reference { return &iscsiMethods{o, v} })
	v.part(&cm.VsanSystem, p.vsan, &p.vsan.Self, func(o *overlay) mo.Reference { return &vsanMethods{o, v} })
	v.reg.overlay(&systemMethods{&overlay{v.system.Self}, v})
}

// part registers one object. In vCenter's registry it gets a reference of its own, for the template's names are every host's.
func (v *view) part(slot **types.ManagedObjectReference, object mo.Reference, self *types.ManagedObjectReference,
	methods func(*overlay) mo.Reference,
) {
	*self = **slot
	if v.reg.IsVPX() {
		self.Value = partPrefix[self.Type] + "-" + v.system.Self.Value[len("host-"):]
	}
	v.reg.Put(object)
	ref := *self
	*slot = &ref
	v.reg.overlay(methods(&overlay{ref}))
}

// partPrefix is how vCenter names the objects of a host's configManager.
var partPrefix = map[string]string{
	"HostNetworkSystem":     "networkSystem",
	"HostVirtualNicManager": "virtualNicManager",
	"HostVMotionSystem":     "vmotionSystem",
	"HostServiceSystem":     "serviceSystem",
	"HostDateTimeSystem":    "dateTimeSystem",
	"HostStorageSystem":     "storageSystem",
	"HostDatastoreSystem":   "datastoreSystem",
	"IscsiManager":          "iscsiManager",
	"HostVsanSystem":        "vsanSystem",
}

// remove takes the view's objects out of the registry; the caller removes the HostSystem itself.
func (v *view) remove() {
	ctx := v.reg.context()
	for _, object := range []mo.Reference{
		v.parts.network, v.parts.nics, v.parts.vmotion, v.parts.services,
		v.parts.dateTime, v.parts.storage, v.parts.datastore, v.parts.iscsi, v.parts.vsan,
	} {
		v.reg.Remove(ctx, object.Reference())
		v.reg.dropOverlay(object.Reference())
	}
	v.reg.dropOverlay(v.system.Self)
}

// connected tells whether the registry's endpoint reaches the host.
func (v *view) connected() bool { return v.away.Load() == nil }

// change makes a change to the host on behalf of this registry's client.
func (v *view) change(edit func(*state) *fault.Failure) *fault.Failure {
	if f := v.reachable(); f != nil {
		return f
	}
	return v.host.change(edit)
}

// reachable is the fault for a host that vCenter has no connection to.
func (v *view) reachable() *fault.Failure {
	if away := v.away.Load(); away != nil {
		return fault.New(&types.HostNotConnected{}, "The host %s is %s", v.name, *away)
	}
	return nil
}

// show puts the host's state into the registry's objects. The caller holds the host's lock.
func (v *view) show() {
	if !v.connected() {
		return // vCenter keeps what it last knew.
	}
	s, storage := v.host.state(), v.host.storage.Load()
	v.showParts(s, storage)
	v.showNetworks(s)
	v.showDatastores(s, storage)
	v.showSystem(s, storage)
}

func (v *view) showParts(s *state, storage *storageState) {
	p, vmotion := &v.parts, s.vmotion()
	v.reg.update(p.network,
		change{Name: "networkInfo", Val: s.Network},
		change{Name: "dnsConfig", Val: s.Network.DnsConfig},
		change{Name: "ipRouteConfig", Val: s.Network.IpRouteConfig},
		change{Name: "networkConfig", Val: s.networkConfig()})
	v.reg.update(p.nics, change{Name: "info", Val: types.HostVirtualNicManagerInfo{NetConfig: s.netConfigs()}})
	v.reg.update(p.vmotion, change{Name: "netConfig", Val: *vmotion.NetConfig}, optional("ipConfig", vmotion.IpConfig))
	v.reg.update(p.services, change{Name: "serviceInfo", Val: types.HostServiceInfo{Service: s.Services}})
	v.reg.update(p.dateTime, change{Name: "dateTimeInfo", Val: s.DateTime})
	v.reg.update(p.storage,
		change{Name: "storageDeviceInfo", Val: storage.devices},
		change{Name: "fileSystemVolumeInfo", Val: storage.fileSystems},
		change{Name: "multipathStateInfo", Val: storage.pathStates})
}

// showSystem updates the HostSystem. Its config is replaced as a whole: a client may still be reading the one before.
func (v *view) showSystem(s *state, storage *storageState) {
	vmotion := s.vmotion()
	v.locked(func() {
		config := *v.system.Config
		config.Network = &s.Network
		config.Vmotion = &vmotion
		config.VirtualNicManagerInfo = &types.HostVirtualNicManagerInfo{NetConfig: s.netConfigs()}
		config.Service = &types.HostServiceInfo{Service: s.Services}
		config.DateTimeInfo = &s.DateTime
		config.StorageDevice = &storage.devices
		config.FileSystemVolume = &storage.fileSystems
		config.MultipathState = &storage.pathStates
		config.Certificate = v.host.endpoint.certificatePEM()
		v.system.Config = &config
	})
	v.reg.update(v.system,
		change{Name: "config.network", Val: s.Network},
		change{Name: "config.vmotion", Val: vmotion},
		change{Name: "config.virtualNicManagerInfo", Val: types.HostVirtualNicManagerInfo{NetConfig: s.netConfigs()}},
		change{Name: "config.service", Val: types.HostServiceInfo{Service: s.Services}},
		change{Name: "config.dateTimeInfo", Val: s.DateTime},
		change{Name: "config.storageDevice", Val: storage.devices},
		change{Name: "config.fileSystemVolume", Val: storage.fileSystems},
		change{Name: "summary.config.vmotionEnabled", Val: len(s.selected(nicVMotion)) > 0},
		change{Name: "summary.rebootRequired", Val: *s.Network.IpV6Enabled != *s.Network.AtBootIpV6Enabled},
		change{Name: "summary.managementServerIp", Val: s.ManagedBy},
		change{Name: "config.certificate", Val: v.host.endpoint.certificatePEM()},
		change{Name: "summary.config.sslThumbprint", Val: v.host.endpoint.thumbprint()},
		change{Name: "runtime.inMaintenanceMode", Val: s.Maintenance})
	v.showRuntime()
	if v.reg.IsESX() {
		v.reg.update(v.system, change{Name: "name", Val: s.fullName()}, change{Name: "summary.config.name", Val: s.fullName()})
	}
}

// showRuntime copies runtime into summary.runtime, which is the same thing to clients but another field here.
func (v *view) showRuntime() {
	var runtime types.HostRuntimeInfo
	v.locked(func() { runtime = v.system.Runtime })
	v.reg.update(v.system, change{Name: "summary.runtime", Val: runtime})
}

// locked runs f while it alone uses the HostSystem's fields.
func (v *view) locked(f func()) { v.reg.WithLock(v.reg.context(), v.system.Self, f) }

// optional is a property that may be unset.
func optional[T any](name string, value *T) change {
	if value == nil {
		return change{Name: name}
	}
	return change{Name: name, Val: *value}
}

// fullName is host name and domain.
func (s *state) fullName() string {
	if domain := s.dns().DomainName; domain != "" {
		return s.dns().HostName + "." + domain
	}
	return s.dns().HostName
}

// networkConfig is the network as a client would send it back.
func (s *state) networkConfig() types.HostNetworkConfig {
	config := types.HostNetworkConfig{
		DnsConfig: s.Network.DnsConfig, IpRouteConfig: s.Network.IpRouteConfig, IpV6Enabled: s.Network.AtBootIpV6Enabled,
	}
	for i := range s.Network.Vswitch {
		sw := &s.Network.Vswitch[i]
		config.Vswitch = append(config.Vswitch, types.HostVirtualSwitchConfig{Name: sw.Name, Spec: &sw.Spec})
	}
	for i := range s.Network.Portgroup {
		config.Portgroup = append(config.Portgroup, types.HostPortGroupConfig{Spec: &s.Network.Portgroup[i].Spec})
	}
	for i := range s.Network.Pnic {
		config.Pnic = append(config.Pnic, types.PhysicalNicConfig{Device: s.Network.Pnic[i].Device, Spec: s.Network.Pnic[i].Spec})
	}
	for i := range s.Network.Vnic {
		nic := &s.Network.Vnic[i]
		config.Vnic = append(config.Vnic, types.HostVirtualNicConfig{Device: nic.Device, Portgroup: nic.Portgroup, Spec: &nic.Spec})
	}
	return config
}
