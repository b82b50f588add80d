// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// Description is what an inventory has to know of a data centre before it connects: lab.json in the directory. What a user of real
// hardware reads off consoles and certificates is in it.
type Description struct {
	Backing string `json:"backing"`
	Accel   string `json:"accel"`
	Facts   []Fact `json:"facts"`
	// Thumbprints are the endpoints' SHA-256 thumbprints by address, as in "AB:CD:…".
	Thumbprints map[string]string `json:"thumbprints"`
}

// describe writes lab.json.
func (l *Lab) describe(context.Context) error {
	d := Description{
		Backing: l.Config.Backing, Accel: l.accel(), Facts: facts(l.Config.Backing, l.accel(), l.Config.NAS), Thumbprints: map[string]string{},
	}
	addresses := []string{l.Config.VCenter.Address, l.Config.NAS.Address}
	for _, h := range l.Config.Hosts {
		addresses = append(addresses, h.Address)
	}
	for _, address := range addresses {
		pair, err := l.authority.certificate(netip.MustParseAddr(address))
		if err != nil {
			return err
		}
		d.Thumbprints[address] = thumbprint(pair.Certificate[0])
	}
	content, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(l.Dir.join("lab.json"), append(content, '\n'), 0o644)
}

func thumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(strings.ToUpper(fmt.Sprintf("% x", sum)), " ", ":")
}
