// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // One-time passwords are made of it (RFC 6238).
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"livelab.dev/twin/nas/fault"
)

// Password is a password that cannot be read back: a salt and a digest.
type Password struct {
	Salt   string `json:"salt"`
	Digest string `json:"digest"`
}

// HashPassword makes a Password.
func HashPassword(plain string) Password {
	salt := randomHex(32)
	return Password{salt, hash(salt + plain)}
}

// Matches says whether a password is the right one.
func (p Password) Matches(plain string) bool { return same256(hash(p.Salt+plain), p.Digest) }

// User is the name of the one who may log in.
func (n *NAS) User() string { return n.cfg.Username }

// TwoFactor says whether a password alone does not suffice.
func (n *NAS) TwoFactor() bool { return n.cfg.OTP != "" }

// PasswordOK checks a user and a password.
func (n *NAS) PasswordOK(user, password string) bool {
	return same256(hash(user), hash(n.cfg.Username)) && n.cfg.Password.Matches(password)
}

// KeyOK checks an API key.
func (n *NAS) KeyOK(key string) bool {
	return n.Version.APIKeys && View(n, func(s *State) bool {
		return slices.ContainsFunc(s.APIKeys, func(k APIKey) bool { return same256(hash(key), k.Hash) })
	})
}

// OTPOK checks a one-time password against the time now, and half a minute before and after (RFC 6238).
func (n *NAS) OTPOK(code string) bool {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(n.cfg.OTP, "=")))
	if err != nil {
		return false
	}
	step := time.Now().Unix() / 30
	for _, at := range []int64{step, step - 1, step + 1} {
		if subtle.ConstantTimeCompare([]byte(totp(secret, at)), []byte(code)) == 1 {
			return true
		}
	}
	return false
}

// totp is the one-time password of six digits for a step of 30 s.
func totp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1000000)
}

// CreateKey makes an API key and returns it with its secret, which is not kept.
func (n *NAS) CreateKey(name string) (APIKey, string, error) {
	var made APIKey
	var secret string
	err := n.change(func(next *State) error {
		var wrong fault.Invalid
		if slices.ContainsFunc(next.APIKeys, func(k APIKey) bool { return k.Name == name }) {
			wrong.Add("name", fault.EEXIST, "API key with this name already exists")
			return wrong.Err()
		}
		id := next.id("api_key")
		secret = fmt.Sprintf("%d-%s", id, randomHex(64))
		made = APIKey{ID: id, Name: name, Hash: hash(secret), Created: time.Now().UnixMilli()}
		next.APIKeys = append(next.APIKeys, made)
		return nil
	})
	return made, secret, err
}

// DeleteKey removes an API key.
func (n *NAS) DeleteKey(id int) error {
	return n.change(func(next *State) error {
		before := len(next.APIKeys)
		next.APIKeys = slices.DeleteFunc(next.APIKeys, func(k APIKey) bool { return k.ID == id })
		if len(next.APIKeys) == before {
			return fault.Missing(fmt.Sprintf("API key %d does not exist", id))
		}
		return nil
	})
}

// tokens are those that were given out to log in once more without a password.
type tokens struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// NewToken is good for a time.
func (n *NAS) NewToken(life time.Duration) string {
	n.tokens.mu.Lock()
	defer n.tokens.mu.Unlock()
	if n.tokens.until == nil {
		n.tokens.until = map[string]time.Time{}
	}
	token := randomHex(64)
	n.tokens.until[hash(token)] = time.Now().Add(life)
	return token
}

// TokenOK checks a token.
func (n *NAS) TokenOK(token string) bool {
	n.tokens.mu.Lock()
	defer n.tokens.mu.Unlock()
	until, ok := n.tokens.until[hash(token)]
	return ok && time.Now().Before(until)
}

func same256(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func randomHex(digits int) string {
	b := make([]byte, (digits+1)/2)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return hex.EncodeToString(b)[:digits]
}
