package vsphere

// storageMethods answers HostStorageSystem.
type storageMethods struct {
	*overlay
	v *view
}

// datastoreMethods answers HostDatastoreSystem.
type datastoreMethods struct {
	*overlay
	v *view
}

// iscsiMethods answers IscsiManager.
type iscsiMethods struct {
	*overlay
	v *view
}

// datastoreObject answers Datastore.
type datastoreObject struct {
	*overlay
	reg    *registry
	server *Server
}
