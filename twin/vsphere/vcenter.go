// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
)

// vcenter is the vCenter: an inventory that starts empty, and views of the hosts that were added to it.
type vcenter struct {
	server   *Server
	cfg      VCenterConfig
	registry *registry
	endpoint *endpoint

	mu    sync.Mutex
	views map[*Host]*view
	// adding are the hosts that are being added, so that two requests for one cannot both succeed.
	adding map[*Host]bool

	// saving is held while the inventory is written or machines are brought back.
	saving sync.Mutex
	closed bool // nothing is written any more
	// waiting are the machines of an earlier run that did not come back yet.
	waiting []savedMachine
	timer   *time.Timer // of a save that will be made soon; guarded by mu
}

func newVCenter(s *Server, cfg VCenterConfig) (*vcenter, error) {
	content := vpx.ServiceContent
	content.About = vcenterAbout(cfg.Version)
	content.About.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("vcenter.twin.livelab.dev")).String()
	vc := &vcenter{server: s, cfg: cfg, registry: newRegistry(content, vpx.RootFolder), views: map[*Host]*view{}, adding: map[*Host]bool{}}
	vc.endpoint = newEndpoint("vcenter", vc.registry, cfg.User, cfg.Password, &s.cfg)

	kinds := vc.registry.kinds
	kinds["Folder"] = func(ref types.ManagedObjectReference) mo.Reference { return &folderMethods{&overlay{ref}, vc} }
	kinds["Datacenter"] = func(ref types.ManagedObjectReference) mo.Reference { return &datacenterMethods{&overlay{ref}, vc} }
	kinds["ClusterComputeResource"] = func(ref types.ManagedObjectReference) mo.Reference { return &clusterMethods{&overlay{ref}, vc} }
	kinds["ComputeResource"] = func(ref types.ManagedObjectReference) mo.Reference { return &computeMethods{&overlay{ref}, vc} }
	kinds["Datastore"] = func(ref types.ManagedObjectReference) mo.Reference {
		return &datastoreObject{&overlay{ref}, vc.registry, s}
	}
	vc.registry.watchMachines(vc.saveSoon)
	if s.manager != nil {
		s.manager.Attach(vc.registry.service, vc.machineHost)
	}
	vc.registry.seal(vc.saveAfter)
	return vc, nil
}

// start brings back the machines and listens. The hosts have found their storage by then.
func (vc *vcenter) start(ctx context.Context) error {
	vc.restoreMachines()
	return vc.endpoint.listen(ctx, vc.cfg.Addr)
}

// viewOf is vCenter's view of a host, nil while the host was not added.
func (vc *vcenter) viewOf(h *Host) *view {
	if vc == nil {
		return nil // A host that is being made before the vCenter is.
	}
	vc.mu.Lock()
	defer vc.mu.Unlock()
	return vc.views[h]
}

// viewAt is the view behind a HostSystem reference.
func (vc *vcenter) viewAt(ref types.ManagedObjectReference) *view {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	for _, v := range vc.views {
		if v.system.Self == ref {
			return v
		}
	}
	return nil
}

// machineHost is the host behind a HostSystem reference as the machines need it, nil for none.
func (vc *vcenter) machineHost(ref types.ManagedObjectReference) machines.Host {
	if v := vc.viewAt(ref); v != nil {
		return v.host
	}
	return nil
}
