// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"strconv"

	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ParseDescriptor says what is in an OVF package.
func (o *ovfMethods) ParseDescriptor(req *types.ParseDescriptor) soap.HasFault {
	body := &methods.ParseDescriptorBody{}
	envelope, f := parseOVF(req.OvfDescriptor)
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
		result.ApproximateFlatDeploymentSize += diskSize(disk)
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

// diskSize is the size, in bytes, of a disk of the descriptor; 0 when that depends on a property.
func diskSize(disk ovf.VirtualDiskDesc) int64 {
	units := ""
	if disk.CapacityAllocationUnits != nil {
		units = *disk.CapacityAllocationUnits
	}
	capacity, err := strconv.ParseInt(disk.Capacity, 10, 64)
	if err != nil {
		return 0
	}
	return capacity * ovf.ParseCapacityAllocationUnits(units)
}
