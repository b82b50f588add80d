// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/imports"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// ovfMethods answers OvfManager.
type ovfMethods struct {
	*registry.Overlay
	inv *machines.Inventory
}

// CreateImportSpec makes a machine's configuration of an OVF descriptor: processors, memory, controllers and disks, network
// adapters with their MAC address where the descriptor has one. What the descriptor asks for and cannot be had is in the result's
// errors, as the API has it.
func (o *ovfMethods) CreateImportSpec(req *types.CreateImportSpec) soap.HasFault {
	body := &methods.CreateImportSpecBody{}
	envelope, f := imports.ParseOVF(req.OvfDescriptor)
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	for _, object := range []machines.Ref{req.Datastore, req.ResourcePool} {
		if o.inv.Get(object) == nil {
			body.Fault_ = fault.Gone(object).SOAP()
			return body
		}
	}
	b := &imports.SpecBuilder{Inv: o.inv, Envelope: envelope, System: envelope.VirtualSystem, Params: req.Cisp.GetOvfCreateImportSpecParams()}
	b.Datastore = o.inv.NameOf(req.Datastore)
	b.Host = b.Params.HostSystem
	body.Res = &types.CreateImportSpecResponse{Returnval: b.Build(req.ResourcePool, req.Datastore)}
	return body
}

// ParseDescriptor says what is in an OVF package.
func (o *ovfMethods) ParseDescriptor(req *types.ParseDescriptor) soap.HasFault {
	body := &methods.ParseDescriptorBody{}
	envelope, f := imports.ParseOVF(req.OvfDescriptor)
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	system := envelope.VirtualSystem
	result := types.OvfParseDescriptorResult{DefaultEntityName: system.ID}
	if system.Name != nil && *system.Name != "" {
		result.DefaultEntityName = *system.Name
	}
	if system.Annotation != nil {
		result.Annotation = system.Annotation.Annotation
	}
	for _, eula := range system.Eula {
		result.Eula = append(result.Eula, eula.License)
	}
	if envelope.Network != nil {
		for _, network := range envelope.Network.Networks {
			result.Network = append(result.Network, types.OvfNetworkInfo{Name: network.Name, Description: network.Description})
		}
	}
	for _, file := range envelope.References {
		result.ApproximateDownloadSize += int64(file.Size)
	}
	for _, disk := range envelope.Disk.Disks {
		result.ApproximateFlatDeploymentSize += imports.DiskSize(disk)
		if disk.PopulatedSize != nil {
			result.ApproximateSparseDeploymentSize += int64(*disk.PopulatedSize)
		}
	}
	if envelope.DeploymentOption != nil {
		for _, option := range envelope.DeploymentOption.Configuration {
			result.DeploymentOption = append(result.DeploymentOption, types.OvfDeploymentOption{
				Key: option.ID, Label: option.Label, Description: option.Description,
			})
			if option.Default != nil && *option.Default {
				result.DefaultDeploymentOption = option.ID
			}
		}
	}
	body.Res = &types.ParseDescriptorResponse{Returnval: result}
	return body
}
