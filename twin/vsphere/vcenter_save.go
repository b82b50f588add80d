package vsphere

func (vc *vcenter) save() {}
