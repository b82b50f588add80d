// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"bytes"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// CopyOf is a deep copy of a data object of the API. Objects that clients may be reading are replaced by changed copies.
func CopyOf[T any](object T) (copied T) {
	data, err := xml.Marshal(object)
	if err == nil {
		decoder := xml.NewDecoder(bytes.NewReader(data))
		decoder.TypeFunc = types.TypeFunc()
		err = decoder.Decode(&copied)
	}
	if err != nil {
		// The types are those that the API itself sends and receives so.
		panic(err)
	}
	return copied
}
