// SPDX-License-Identifier: GPL-3.0-or-later

// Package vcenter is the vCenter: its inventory, how hosts get into it and out of it, and how it is kept over a restart.
package vcenter

import (
	"context"
	"crypto/tls"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/view"
)

// VCenter is the vCenter: an inventory that starts empty, and views of the hosts that were added to it.
type VCenter struct {
	cfg      Config
	env      Env
	Registry *registry.Registry
	Endpoint *registry.Endpoint

	mu      sync.Mutex
	objects view.Objects // what answers for a host's objects
	views   map[*host.Host]*view.View
	// adding are the hosts that are being added, so that two requests for one cannot both succeed.
	adding map[*host.Host]bool

	// saving is held while the inventory is written or machines are brought back.
	saving sync.Mutex
	closed bool // nothing is written any more
	// waiting are the machines of an earlier run that did not come back yet.
	waiting []savedMachine
	timer   *time.Timer // of a save that will be made soon; guarded by mu
}

// Env is what a vCenter has around it.
type Env struct {
	// Dir holds the inventory in "vcenter/".
	Dir string
	// Hosts are the hosts that can be added.
	Hosts []*host.Host
	// TLS returns the server certificate for an address.
	TLS func(netip.Addr) (*tls.Config, error)
	// Introduce makes a machine that came back known to who runs machines.
	Introduce func(types.ManagedObjectReference)
	// Logf logs one line.
	Logf func(format string, args ...any)
}

// New makes a vCenter with an empty inventory.
func New(cfg Config, env Env) *VCenter {
	content := vpx.ServiceContent
	content.About = vcenterAbout(cfg.Version)
	content.About.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceDNS, []byte("vcenter.twin.livelab.dev")).String()
	vc := &VCenter{cfg: cfg, env: env, Registry: registry.New(content, vpx.RootFolder, env.Logf), views: map[*host.Host]*view.View{}, adding: map[*host.Host]bool{}}
	vc.Endpoint = registry.NewEndpoint("vcenter", vc.Registry, cfg.User, cfg.Password, env.TLS)
	vc.Registry.WatchMachines(vc.saveSoon)
	return vc
}

// AnswerWith says what answers for the objects of the hosts that are added.
func (vc *VCenter) AnswerWith(answer view.Objects) { vc.objects = answer }

func (vc *VCenter) logf(format string, args ...any) { vc.env.Logf(format, args...) }

// Start brings back the machines and listens. The hosts have found their storage by then.
func (vc *VCenter) Start(ctx context.Context) error {
	vc.RestoreMachines()
	return vc.Endpoint.Listen(ctx, vc.cfg.Addr)
}

// viewOf is vCenter's view of a host, nil while the host was not added.
func (vc *VCenter) viewOf(h *host.Host) *view.View {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	return vc.views[h]
}

// viewAt is the view behind a HostSystem reference.
func (vc *VCenter) viewAt(ref types.ManagedObjectReference) *view.View {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	for _, v := range vc.views {
		if v.System.Self == ref {
			return v
		}
	}
	return nil
}

// HostAt is the host behind a HostSystem reference, nil for none.
func (vc *VCenter) HostAt(ref types.ManagedObjectReference) *host.Host {
	if v := vc.viewAt(ref); v != nil {
		return v.Host
	}
	return nil
}
