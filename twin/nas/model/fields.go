// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"encoding/json"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/versions"
)

// Fill sets those fields of an object that were sent, by their names in JSON.
func Fill[T any](sent any) func(*T) error {
	return func(object *T) error {
		data, err := json.Marshal(sent)
		if err == nil {
			err = json.Unmarshal(data, object)
		}
		if err != nil {
			var wrong fault.Invalid
			wrong.Add("", fault.EINVAL, "%v", err)
			return wrong
		}
		return nil
	}
}

// ToMap is an object by the names of its fields in JSON.
func ToMap(object any) map[string]any {
	data, err := json.Marshal(object)
	if err != nil {
		panic(err) // the model's objects hold nothing that JSON cannot express
	}
	v, _ := versions.Decode(data) // what was written can be read
	row, _ := v.(map[string]any)
	return row
}
