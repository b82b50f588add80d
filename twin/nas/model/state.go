// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// State is what a NAS remembers. Its parts have the API's own names in JSON, so they are its answers too.
type State struct {
	NextID     map[string]int `json:"next_id"` // by kind of object; ids are not used again, as on the real one
	APIKeys    []APIKey       `json:"api_keys"`
	Pools      []Pool         `json:"pools"`
	Datasets   []Dataset      `json:"datasets"`
	Global     Global         `json:"global"`
	Portals    []Portal       `json:"portals"`
	Initiators []Initiator    `json:"initiators"`
	Auths      []Auth         `json:"auths"`
	Targets    []Target       `json:"targets"`
	Extents    []Extent       `json:"extents"`
	Links      []TargetExtent `json:"targetextents"`
	Service    ServiceState   `json:"service"`
	Interfaces []Interface    `json:"interfaces"`
	// Original are the interfaces as they were before changes that are not committed for good.
	Original *[]Interface   `json:"original,omitempty"`
	General  map[string]any `json:"general"` // language, keyboard, time zone, the web interface
	Network  map[string]any `json:"network"` // host name, name servers, gateways
}

// APIKey is a key made by the API. Only its hash is kept.
type APIKey struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Hash    string `json:"hash"`
	Created int64  `json:"created"` // milliseconds since 1970
}

// Pool is a storage pool. Children of its vdevs are disk names.
type Pool struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	GUID string `json:"guid"`
	Data []VDev `json:"data"`
}

// VDev is a group of disks: STRIPE, MIRROR, RAIDZ1, RAIDZ2 or RAIDZ3.
type VDev struct {
	Type  string   `json:"type"`
	Disks []string `json:"disks"`
}

// Dataset is a zvol (type VOLUME) or a file system below a pool's own.
type Dataset struct {
	Name         string `json:"name"` // "tank/vmware"
	Type         string `json:"type"` // VOLUME or FILESYSTEM
	Comments     string `json:"comments"`
	VolSize      int64  `json:"volsize"`      // bytes
	VolBlockSize int64  `json:"volblocksize"` // bytes
	Sparse       bool   `json:"sparse"`
	// Compression, Sync, Dedup and ReadOnly are as they were set; empty ones are inherited.
	Compression string `json:"compression,omitempty"`
	Sync        string `json:"sync,omitempty"`
	Dedup       string `json:"deduplication,omitempty"`
	ReadOnly    string `json:"readonly,omitempty"`
}

// Global is the iSCSI service's global configuration.
type Global struct {
	ID                 int      `json:"id"`
	Basename           string   `json:"basename"`
	ISNSServers        []string `json:"isns_servers"`
	PoolAvailThreshold *int     `json:"pool_avail_threshold"`
	ALUA               bool     `json:"alua"`
	ISER               bool     `json:"iser"`
	ListenPort         int      `json:"listen_port"` // of all portals, where the version has it so
	Mode               int      `json:"mode"`
	DirectConfig       *bool    `json:"direct_config"`
	// DiscoveryAuthmethod and DiscoveryAuthgroup hold for all portals, where the version has them here.
	DiscoveryAuthmethod string `json:"discovery_authmethod"`
	DiscoveryAuthgroup  *int   `json:"discovery_authgroup"`
}

// Listen is an address of a portal. IP 0.0.0.0 stands for all of the NAS's own.
type Listen struct {
	IP   string `json:"ip"`
	Port int    `json:"port"`
}

// UnmarshalJSON gives the port its default, 3260.
func (l *Listen) UnmarshalJSON(b []byte) error {
	type plain Listen
	*l = Listen{Port: 3260}
	return json.Unmarshal(b, (*plain)(l))
}

// Portal is a group of addresses.
type Portal struct {
	ID                  int      `json:"id"`
	Tag                 int      `json:"tag"`
	Comment             string   `json:"comment"`
	DiscoveryAuthmethod string   `json:"discovery_authmethod"`
	DiscoveryAuthgroup  *int     `json:"discovery_authgroup"`
	Listen              []Listen `json:"listen"`
}

// Initiator is a group of initiators; empty lists let everyone in.
type Initiator struct {
	ID          int      `json:"id"`
	Tag         int      `json:"tag"`
	Initiators  []string `json:"initiators"`
	AuthNetwork []string `json:"auth_network"`
	Comment     string   `json:"comment"`
}

// Auth is a CHAP user, a member of the group that Tag numbers.
type Auth struct {
	ID         int    `json:"id"`
	Tag        int    `json:"tag"`
	User       string `json:"user"`
	Secret     string `json:"secret"`
	PeerUser   string `json:"peeruser"`
	PeerSecret string `json:"peersecret"`
	// DiscoveryAuth says that discovery by this user, too, takes CHAP, where the version has it here.
	DiscoveryAuth string `json:"discovery_auth"`
}

// Group says by which portal, for whom and with which authentication a target is reached.
type Group struct {
	Portal     int    `json:"portal"`
	Initiator  *int   `json:"initiator"`
	Authmethod string `json:"authmethod"` // NONE, CHAP or CHAP_MUTUAL
	Auth       *int   `json:"auth"`       // the tag of the CHAP users
	// ID and Digest are API v1.0's, in which a group is an object of its own.
	ID     int    `json:"id,omitempty"`
	Digest string `json:"initialdigest,omitempty"`
}

// UnmarshalJSON gives the authentication method its default, NONE.
func (g *Group) UnmarshalJSON(b []byte) error {
	type plain Group
	*g = Group{Authmethod: "NONE"}
	return json.Unmarshal(b, (*plain)(g))
}

// Target is an iSCSI target; its whole name is the base name and Name, unless Name is an iqn already.
type Target struct {
	ID              int         `json:"id"`
	Name            string      `json:"name"`
	Alias           *string     `json:"alias"`
	Mode            string      `json:"mode"`
	Groups          []Group     `json:"groups"`
	AuthNetworks    []string    `json:"auth_networks"` // from where it is reached; empty for everywhere
	RelTgtID        int         `json:"rel_tgt_id"`
	ISCSIParameters *Parameters `json:"iscsi_parameters"`
	// Serial and BlockSize are its extents' where the version has them here.
	Serial    string `json:"serial,omitempty"`
	BlockSize int    `json:"logical_blocksize,omitempty"`
}

// Parameters are a target's own of the iSCSI protocol.
type Parameters struct {
	QueuedCommands *int `json:"QueuedCommands"`
}

// Extent is what a LUN holds: a zvol (DISK) or a file on a pool (FILE).
type Extent struct {
	ID             int     `json:"id"`
	Name           string  `json:"name"`
	Type           string  `json:"type"`
	Disk           *string `json:"disk"`
	Serial         string  `json:"serial"`
	Path           string  `json:"path"`
	Filesize       size    `json:"filesize"`
	Blocksize      int     `json:"blocksize"`
	PBlocksize     bool    `json:"pblocksize"`
	AvailThreshold *int    `json:"avail_threshold"`
	Comment        string  `json:"comment"`
	NAA            string  `json:"naa"`
	InsecureTPC    bool    `json:"insecure_tpc"`
	Xen            bool    `json:"xen"`
	RPM            string  `json:"rpm"`
	RO             bool    `json:"ro"`
	Enabled        bool    `json:"enabled"`
	Vendor         string  `json:"vendor"`
	Locked         bool    `json:"locked"`
	ProductID      *string `json:"product_id"`
	Legacy         bool    `json:"legacy"`
}

// TargetExtent gives an extent a LUN id on a target.
type TargetExtent struct {
	ID     int `json:"id"`
	LunID  int `json:"lunid"`
	Extent int `json:"extent"`
	Target int `json:"target"`
}

// ServiceState is the iSCSI service's: whether it starts with the NAS.
type ServiceState struct {
	Enable bool `json:"enable"`
}

// size is a number of bytes that the API takes as a number and as a string of one, and tells as a string.
type size int64

func (s size) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", fmt.Sprint(int64(s))), nil }

func (s *size) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(bytes.Trim(b, `"`), (*int64)(s))
}

func newState() *State {
	return &State{
		NextID: map[string]int{}, General: map[string]any{}, Network: map[string]any{},
		Global: Global{ID: 1, Basename: "iqn.2005-10.org.freenas.ctl", ISNSServers: []string{}, ListenPort: 3260, DiscoveryAuthmethod: AuthNone},
	}
}

// id is the next number for a kind of object.
func (s *State) id(kind string) int {
	s.NextID[kind]++
	return s.NextID[kind]
}

// clone is a deep copy, to be changed and either kept or thrown away.
func (s *State) clone() *State {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a State holds nothing that JSON cannot express
	}
	c := newState()
	if err := json.Unmarshal(data, c); err != nil {
		panic(err)
	}
	return c
}

func loadState(path string) (*State, error) {
	state := newState()
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(data, state)
	}
	if err != nil {
		return nil, fmt.Errorf("nas: state in %s: %w", path, err)
	}
	return state, nil
}

// save writes the state so that a crash leaves either the old or the new one. It holds CHAP secrets: owner only.
func (s *State) save(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
