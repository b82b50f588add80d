// SPDX-License-Identifier: GPL-3.0-or-later

// Package view shows a host in a registry: the HostSystem with the objects of its configManager, its networks and its datastores.
package view

import (
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// View is a host as one registry shows it: the HostSystem and the objects of its configManager. The host's own endpoint has one,
// vCenter another.
type View struct {
	Host *host.Host
	Reg  *registry.Registry
	// Name of the host in this registry.
	Name string
	// System is the registered HostSystem; its mo fields are only touched under the registry's lock on it.
	System *simulator.HostSystem
	// datacenter holds the folders in which the host's networks and datastores are.
	datacenter types.ManagedObjectReference
	Parts      parts
	// Away is set while vCenter has no connection to the host. The host's own endpoint is never away.
	Away atomic.Pointer[types.HostSystemConnectionState]
}

// parts are the registered objects of a host's configManager that show its state.
type parts struct {
	Network   *mo.HostNetworkSystem
	Nics      *mo.HostVirtualNicManager
	Vmotion   *mo.HostVMotionSystem
	Services  *mo.HostServiceSystem
	DateTime  *mo.HostDateTimeSystem
	Storage   *mo.HostStorageSystem
	Datastore *mo.HostDatastoreSystem
	Iscsi     *mo.IscsiManager
	Vsan      *mo.HostVsanSystem
}

// Objects makes what answers the methods of a view's objects.
type Objects func(*View) []mo.Reference

// New takes over a HostSystem of the simulator: its configManager's objects become ours. The caller holds the host's lock, or has
// not started it.
func New(h *host.Host, reg *registry.Registry, system *simulator.HostSystem, datacenter types.ManagedObjectReference, answer Objects) *View {
	v := &View{Host: h, Reg: reg, Name: system.Name, System: system, datacenter: datacenter}
	v.registerParts()
	for _, object := range answer(v) {
		reg.Overlay(object)
	}
	v.describe()
	h.AddView(v)
	return v
}

// registerParts puts the configManager's objects into the registry.
func (v *View) registerParts() {
	p, cm := &v.Parts, &v.System.ConfigManager
	p.Network = &mo.HostNetworkSystem{Capabilities: v.System.Config.Capabilities, OffloadCapabilities: v.System.Config.OffloadCapabilities}
	p.Nics = &mo.HostVirtualNicManager{}
	p.Vmotion = &mo.HostVMotionSystem{}
	p.Services = &mo.HostServiceSystem{}
	p.DateTime = &mo.HostDateTimeSystem{}
	p.Storage = &mo.HostStorageSystem{}
	p.Datastore = &mo.HostDatastoreSystem{Capabilities: *v.System.Config.DatastoreCapabilities}
	p.Iscsi = &mo.IscsiManager{}
	p.Vsan = &mo.HostVsanSystem{Config: *v.System.Config.VsanHostConfig}

	v.part(&cm.NetworkSystem, p.Network, &p.Network.Self)
	v.part(&cm.VirtualNicManager, p.Nics, &p.Nics.Self)
	v.part(&cm.VmotionSystem, p.Vmotion, &p.Vmotion.Self)
	v.part(&cm.ServiceSystem, p.Services, &p.Services.Self)
	v.part(&cm.DateTimeSystem, p.DateTime, &p.DateTime.Self)
	v.part(&cm.StorageSystem, p.Storage, &p.Storage.Self)
	v.part(&cm.DatastoreSystem, p.Datastore, &p.Datastore.Self)
	v.part(&cm.IscsiManager, p.Iscsi, &p.Iscsi.Self)
	v.part(&cm.VsanSystem, p.Vsan, &p.Vsan.Self)
}

// part registers one object. In vCenter's registry it gets a reference of its own, for the template's names are every host's.
func (v *View) part(slot **types.ManagedObjectReference, object mo.Reference, self *types.ManagedObjectReference) {
	*self = **slot
	if v.Reg.IsVPX() {
		self.Value = partPrefix[self.Type] + "-" + v.System.Self.Value[len("host-"):]
	}
	v.Reg.Put(object)
	ref := *self
	*slot = &ref
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
func (v *View) remove() {
	ctx := v.Reg.Context()
	for _, object := range []mo.Reference{
		v.Parts.Network, v.Parts.Nics, v.Parts.Vmotion, v.Parts.Services,
		v.Parts.DateTime, v.Parts.Storage, v.Parts.Datastore, v.Parts.Iscsi, v.Parts.Vsan,
	} {
		v.Reg.Remove(ctx, object.Reference())
		v.Reg.DropOverlay(object.Reference())
	}
	v.Reg.DropOverlay(v.System.Self)
}

// Connected tells whether the registry's endpoint reaches the host.
func (v *View) Connected() bool { return v.Away.Load() == nil }

// Change makes a change to the host on behalf of this registry's client.
func (v *View) Change(edit func(*host.State) *fault.Failure) *fault.Failure {
	if f := v.Reachable(); f != nil {
		return f
	}
	return v.Host.Change(edit)
}

// Reachable is the fault for a host that vCenter has no connection to.
func (v *View) Reachable() *fault.Failure {
	if away := v.Away.Load(); away != nil {
		return fault.New(&types.HostNotConnected{}, "The host %s is %s", v.Name, *away)
	}
	return nil
}

// Show puts the host's state into the registry's objects. The caller holds the host's lock.
func (v *View) Show() {
	if !v.Connected() {
		return // vCenter keeps what it last knew.
	}
	s, storage := v.Host.State(), v.Host.Storage.Load()
	v.showParts(s, storage)
	v.showNetworks(s)
	v.showDatastores(s, storage)
	v.showSystem(s, storage)
}

func (v *View) showParts(s *host.State, storage *host.StorageState) {
	p, vmotion := &v.Parts, s.Vmotion()
	v.Reg.Change(p.Network,
		registry.Change{Name: "networkInfo", Val: s.Network},
		registry.Change{Name: "dnsConfig", Val: s.Network.DnsConfig},
		registry.Change{Name: "ipRouteConfig", Val: s.Network.IpRouteConfig},
		registry.Change{Name: "networkConfig", Val: s.NetworkConfig()})
	v.Reg.Change(p.Nics, registry.Change{Name: "info", Val: types.HostVirtualNicManagerInfo{NetConfig: s.NetConfigs()}})
	v.Reg.Change(p.Vmotion, registry.Change{Name: "netConfig", Val: *vmotion.NetConfig}, optional("ipConfig", vmotion.IpConfig))
	v.Reg.Change(p.Services, registry.Change{Name: "serviceInfo", Val: types.HostServiceInfo{Service: s.Services}})
	v.Reg.Change(p.DateTime, registry.Change{Name: "dateTimeInfo", Val: s.DateTime})
	v.Reg.Change(p.Storage,
		registry.Change{Name: "storageDeviceInfo", Val: storage.Devices},
		registry.Change{Name: "fileSystemVolumeInfo", Val: storage.FileSystems},
		registry.Change{Name: "multipathStateInfo", Val: storage.PathStates})
}

// showSystem updates the HostSystem. Its config is replaced as a whole: a client may still be reading the one before.
func (v *View) showSystem(s *host.State, storage *host.StorageState) {
	vmotion := s.Vmotion()
	v.locked(func() {
		config := *v.System.Config
		config.Network = &s.Network
		config.Vmotion = &vmotion
		config.VirtualNicManagerInfo = &types.HostVirtualNicManagerInfo{NetConfig: s.NetConfigs()}
		config.Service = &types.HostServiceInfo{Service: s.Services}
		config.DateTimeInfo = &s.DateTime
		config.StorageDevice = &storage.Devices
		config.FileSystemVolume = &storage.FileSystems
		config.MultipathState = &storage.PathStates
		config.Certificate = v.Host.CertificatePEM()
		v.System.Config = &config
	})
	v.Reg.Change(v.System,
		registry.Change{Name: "config.network", Val: s.Network},
		registry.Change{Name: "config.vmotion", Val: vmotion},
		registry.Change{Name: "config.virtualNicManagerInfo", Val: types.HostVirtualNicManagerInfo{NetConfig: s.NetConfigs()}},
		registry.Change{Name: "config.service", Val: types.HostServiceInfo{Service: s.Services}},
		registry.Change{Name: "config.dateTimeInfo", Val: s.DateTime},
		registry.Change{Name: "config.storageDevice", Val: storage.Devices},
		registry.Change{Name: "config.fileSystemVolume", Val: storage.FileSystems},
		registry.Change{Name: "summary.config.vmotionEnabled", Val: len(s.Carriers(host.NicVMotion)) > 0},
		registry.Change{Name: "summary.rebootRequired", Val: *s.Network.IpV6Enabled != *s.Network.AtBootIpV6Enabled},
		registry.Change{Name: "summary.managementServerIp", Val: s.ManagedBy},
		registry.Change{Name: "config.certificate", Val: types.ByteSlice(v.Host.CertificatePEM())},
		registry.Change{Name: "summary.config.sslThumbprint", Val: v.Host.Thumbprint()},
		registry.Change{Name: "runtime.inMaintenanceMode", Val: s.Maintenance})
	v.showRuntime()
	if v.Reg.IsESX() {
		v.Reg.Change(v.System, registry.Change{Name: "name", Val: s.FullName()}, registry.Change{Name: "summary.config.name", Val: s.FullName()})
	}
}

// showRuntime copies runtime into summary.runtime, which is the same thing to clients but another field here.
func (v *View) showRuntime() {
	var runtime types.HostRuntimeInfo
	v.locked(func() { runtime = v.System.Runtime })
	v.Reg.Change(v.System, registry.Change{Name: "summary.runtime", Val: runtime})
}

// locked runs f while it alone uses the HostSystem's fields.
func (v *View) locked(f func()) { v.Reg.WithLock(v.Reg.Context(), v.System.Self, f) }

// optional is a property that may be unset.
func optional[T any](name string, value *T) registry.Change {
	if value == nil {
		return registry.Change{Name: name}
	}
	return registry.Change{Name: name, Val: *value}
}

// InVCenter tells vCenter's view from that of the host's own endpoint.
func (v *View) InVCenter() bool { return v.Reg.IsVPX() }

func (v *View) HostName() string { return v.Name }

// Lost shows that the host does not answer.
func (v *View) Lost() { v.SetConnection(types.HostSystemConnectionStateNotResponding) }

// Found shows a host that was lost again.
func (v *View) Found() {
	if away := v.Away.Load(); away == nil || *away != types.HostSystemConnectionStateNotResponding {
		return
	}
	v.SetConnection(types.HostSystemConnectionStateConnected)
	v.Host.Mu.Lock()
	defer v.Host.Mu.Unlock()
	v.Show()
}
