package vsphere

// Storage is how the hosts' software iSCSI adapters and VMFS reach the wire.
type Storage interface{}

// RealStorage reaches the wire: iSCSI with twin/iscsi, VMFS with twin/vmfs.
type RealStorage struct{}
