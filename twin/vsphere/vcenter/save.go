// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/survive"
	"livelab.dev/twin/vsphere/store"
)

// savedInventory is vCenter's inventory as it is kept on disk. Networks and datastores are not in it: they come with the hosts.
type savedInventory struct {
	Entries  []savedEntry // parents before children
	Machines []savedMachine
}

// savedEntry is one thing in the inventory. It has no credentials: after a host was added, vCenter needs none of the user's.
type savedEntry struct {
	// Kind is a managed object type; HostSystem for a host, whether in a cluster or not.
	Kind string
	// Parent is the names from the root folder down, each with a slash before it.
	Parent string
	Name   string
	// Number is a host's.
	Number int
	// Disconnected hosts stay so.
	Disconnected bool
	// Cluster is a cluster's configuration.
	Cluster *types.ClusterConfigInfoEx
}

func (vc *VCenter) file() string {
	return filepath.Join(vc.env.Dir, "vcenter", "inventory.json")
}

// settle is how long after a change the inventory is saved: one task makes many, and the simulator's own go on after the call.
const settle = 500 * time.Millisecond

// changesInventory are the methods that the simulator answers itself and that change what is saved.
var changesInventory = map[string]bool{
	"Rename_Task": true, "Destroy_Task": true, "MoveIntoFolder_Task": true, "MoveInto_Task": true, "MoveHostInto_Task": true,
	"ReconfigureComputeResource_Task": true, "ReconfigureCluster_Task": true, "CreateCluster": true,
}

// SaveAfter lets the inventory be saved after each method that changes it.
func (vc *VCenter) SaveAfter(method string) {
	if changesInventory[method] {
		vc.saveSoon()
	}
}

// saveSoon saves the inventory once for all that changes within a moment.
func (vc *VCenter) saveSoon() {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	if vc.timer == nil {
		vc.timer = time.AfterFunc(settle, func() {
			vc.mu.Lock()
			vc.timer = nil
			vc.mu.Unlock()
			_ = survive.Do(vc.logf, "vsphere: saving the inventory", vc.Save)
		})
	}
}

// Save writes the inventory to disk.
func (vc *VCenter) Save() {
	vc.saving.Lock()
	defer vc.saving.Unlock()
	if vc.closed {
		return
	}
	saved := &savedInventory{}
	vc.collect(saved, vc.root(), "")
	vc.collectMachines(saved)
	if err := store.Save(vc.file(), saved); err != nil {
		vc.logf("vcenter: the inventory cannot be saved: %v", err)
	}
}

// Close saves the inventory a last time.
func (vc *VCenter) Close() {
	vc.Save()
	vc.saving.Lock()
	defer vc.saving.Unlock()
	vc.closed = true
}

func (vc *VCenter) root() types.ManagedObjectReference {
	instance := types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}
	return vc.Registry.Get(instance).(*simulator.ServiceInstance).Content.RootFolder
}

// collect adds what is in a folder, and in the folders in it.
func (vc *VCenter) collect(saved *savedInventory, folder types.ManagedObjectReference, path string) {
	for _, ref := range vc.Registry.List(folder, "childEntity") {
		entry := savedEntry{Kind: ref.Type, Parent: path, Name: vc.Registry.NameOf(ref)}
		below := path + "/" + entry.Name
		switch object := vc.Registry.Get(ref).(type) {
		case *simulator.Folder:
			saved.Entries = append(saved.Entries, entry)
			vc.collect(saved, ref, below)
		case *simulator.Datacenter:
			saved.Entries = append(saved.Entries, entry)
			for _, sub := range []types.ManagedObjectReference{object.VmFolder, object.HostFolder, object.DatastoreFolder, object.NetworkFolder} {
				vc.collect(saved, sub, below+"/"+vc.Registry.NameOf(sub))
			}
		case *simulator.ClusterComputeResource:
			vc.Registry.WithLock(vc.Registry.Context(), ref, func() { entry.Cluster, _ = object.ConfigurationEx.(*types.ClusterConfigInfoEx) })
			saved.Entries = append(saved.Entries, entry)
			vc.collectHosts(saved, ref, below)
		case *mo.ComputeResource:
			vc.collectHosts(saved, ref, path)
		}
	}
}

func (vc *VCenter) collectHosts(saved *savedInventory, compute types.ManagedObjectReference, path string) {
	for _, ref := range vc.Registry.List(compute, "host") {
		if v := vc.viewAt(ref); v != nil {
			away := v.Away.Load()
			saved.Entries = append(saved.Entries, savedEntry{
				Kind: "HostSystem", Parent: path, Name: v.Name, Number: v.Host.Cfg.Number,
				Disconnected: away != nil && *away == types.HostSystemConnectionStateDisconnected,
			})
		}
	}
}

// Restore makes the inventory again that was saved.
func (vc *VCenter) Restore() error {
	saved := &savedInventory{}
	if found, err := store.Load(vc.file(), saved); err != nil || !found {
		return err
	}
	for _, entry := range saved.Entries {
		if err := vc.restoreEntry(entry); err != nil {
			return fmt.Errorf("%s: %s/%s: %w", vc.file(), entry.Parent, entry.Name, err)
		}
	}
	vc.waiting = saved.Machines
	return nil
}

func (vc *VCenter) restoreEntry(entry savedEntry) error {
	parent, ok := vc.Find(entry.Parent)
	if !ok {
		return errors.New("its parent is missing")
	}
	ctx := vc.Registry.Context()
	switch entry.Kind {
	case "Folder":
		return errorOf(vc.CreateFolder(ctx, &types.CreateFolder{This: parent, Name: entry.Name}).Fault_)
	case "Datacenter":
		return errorOf(vc.CreateDatacenter(ctx, &types.CreateDatacenter{This: parent, Name: entry.Name}).Fault_)
	case "ClusterComputeResource":
		return vc.restoreCluster(ctx, parent, entry)
	case "HostSystem":
		return vc.restoreHost(parent, entry)
	}
	return fmt.Errorf("a %s cannot be restored", entry.Kind)
}

func (vc *VCenter) restoreCluster(ctx *simulator.Context, folder types.ManagedObjectReference, entry savedEntry) error {
	body := vc.CreateCluster(ctx, &types.CreateClusterEx{This: folder, Name: entry.Name})
	if body.Fault_ != nil {
		return errorOf(body.Fault_)
	}
	cluster := vc.Registry.Get(body.Res.Returnval).(*simulator.ClusterComputeResource)
	if entry.Cluster != nil {
		vc.Registry.WithLock(ctx, cluster.Self, func() { cluster.ConfigurationEx = entry.Cluster })
	}
	return nil
}

// restoreHost shows a host again. One that is not configured any more is left out, as one that was taken out of its rack.
func (vc *VCenter) restoreHost(parent types.ManagedObjectReference, entry savedEntry) error {
	for _, h := range vc.env.Hosts {
		if h.Cfg.Number != entry.Number {
			continue
		}
		v, f := vc.attach(h, entry.Name, parent)
		if f != nil {
			return f
		}
		if entry.Disconnected {
			v.SetConnection(types.HostSystemConnectionStateDisconnected)
		}
		return nil
	}
	vc.logf("vcenter: host %d (%s) was in the inventory and is not configured any more", entry.Number, entry.Name)
	return nil
}

// Find is the object at a path of the inventory.
func (vc *VCenter) Find(path string) (types.ManagedObjectReference, bool) {
	at := vc.root()
	for _, name := range strings.Split(path, "/")[1:] {
		next, ok := vc.below(at, name)
		if !ok {
			return at, false
		}
		at = next
	}
	return at, true
}

func (vc *VCenter) below(at types.ManagedObjectReference, name string) (types.ManagedObjectReference, bool) {
	if dc, ok := vc.Registry.Get(at).(*simulator.Datacenter); ok {
		for _, sub := range []types.ManagedObjectReference{dc.VmFolder, dc.HostFolder, dc.DatastoreFolder, dc.NetworkFolder} {
			if vc.Registry.NameOf(sub) == name {
				return sub, true
			}
		}
		return at, false
	}
	if child := vc.Registry.Child(at, name); child != nil {
		return child.Reference(), true
	}
	return at, false
}

// errorOf turns a fault of the simulator into an error.
func errorOf(f *soap.Fault) error {
	if f == nil {
		return nil
	}
	return soap.WrapSoapFault(f)
}
