// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gopkg.in/yaml.v3"
)

// Secrets are the passwords of the data centre. Made at random when the directory is new, kept from then on.
type Secrets struct {
	ESXi          string `yaml:"lab_esxi_password"`
	VCenter       string `yaml:"lab_vcenter_password"`
	NAS           string `yaml:"lab_nas_password"`
	NASKey        string `yaml:"lab_nas_api_key"`
	CHAP          string `yaml:"lab_chap_password"`
	MySQLRoot     string `yaml:"lab_mysql_root_password"`
	OwncloudDB    string `yaml:"lab_owncloud_db_password"`
	OwncloudAdmin string `yaml:"lab_owncloud_admin_password"`
}

// chapLength is in the 12 to 16 characters that every iSCSI implementation takes.
const chapLength = 14

// keyLength is that of a TrueNAS's own API keys, behind the key's number.
const keyLength = 64

const secretsHeader = "---\n# Passwords of this data centre, made at random when it was first started.\n"

// LoadSecrets reads the secrets, and makes and writes (0600) those that are missing.
func LoadSecrets(d Dir) (Secrets, error) {
	var s Secrets
	content, err := os.ReadFile(d.Secrets())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("secrets: %w", err)
	}
	if err := yaml.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("secrets %s: %w", d.Secrets(), err)
	}
	before := s
	for _, field := range []*string{&s.ESXi, &s.VCenter, &s.NAS, &s.MySQLRoot, &s.OwncloudDB, &s.OwncloudAdmin} {
		setDefault(field, password(20))
	}
	setDefault(&s.CHAP, password(chapLength))
	setDefault(&s.NASKey, "1-"+password(keyLength))
	if s == before {
		return s, os.Chmod(d.Secrets(), 0o600)
	}
	content, err = yaml.Marshal(s)
	if err != nil {
		return s, err
	}
	return s, writeFile(d.Secrets(), append([]byte(secretsHeader), content...), 0o600)
}

// password draws letters and digits that are not mistaken for one another. It holds a capital, a small letter and a digit, which
// the products ask for, and nothing that a shell or a URL would have to escape.
func password(length int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	for {
		text := make([]byte, length)
		var upper, lower, digit bool
		for i := range text {
			text[i] = alphabet[draw(len(alphabet))]
			upper = upper || text[i] >= 'A' && text[i] <= 'Z'
			lower = lower || text[i] >= 'a' && text[i] <= 'z'
			digit = digit || text[i] >= '2' && text[i] <= '9'
		}
		if upper && lower && digit {
			return string(text)
		}
	}
}

// draw is a random number below n (at most 256), each as likely as the other.
func draw(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // crypto/rand.Read never returns an error
		if limit := 256 / n * n; int(b[0]) < limit {
			return int(b[0]) % n
		}
	}
}
