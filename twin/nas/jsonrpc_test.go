// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
)

const otpSecret = "JBSWY3DPEHPK3PXP"

func code(t *testing.T) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(otpSecret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30)
	sum := mac.Sum(nil)
	at := sum[19] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1000000)
}

func kindOf(t *testing.T, result any, err error) any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	m, _ := result.(M)
	return m["response_type"]
}

func TestJSONRPCLogins(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.10"), func(c *nas.Config) { c.APIKey = "1-the-first-key" })
	password := func(secret string) M {
		return M{"mechanism": "PASSWORD_PLAIN", "username": "root", "password": secret}
	}
	c := n.Dial()
	var refused *nastest.RPCError
	if _, err := c.Call("system.info"); !errors.As(err, &refused) || refused.Code != -32001 || refused.Data["errname"] != "ENOTAUTHENTICATED" {
		t.Errorf("before the login: %v", err)
	}
	// A wrong password is a result, not an error.
	result, err := c.Call("auth.login_ex", password("wrong"))
	if kind := kindOf(t, result, err); kind != "AUTH_ERR" {
		t.Errorf("a wrong password: %v", kind)
	}
	result, err = c.Call("auth.login_ex", password(nastest.Password))
	if kind := kindOf(t, result, err); kind != "SUCCESS" || result.(M)["user_info"].(M)["pw_name"] != "root" {
		t.Errorf("the right password: %v", result)
	}
	if v := c.OK("system.version"); v != n.Version() {
		t.Errorf("version %v", v)
	}
	result, err = n.Dial().Call("auth.login_ex", M{"mechanism": "API_KEY_PLAIN", "username": "root", "api_key": "1-the-first-key", "login_options": M{"user_info": false}})
	if kind := kindOf(t, result, err); kind != "SUCCESS" || result.(M)["user_info"] != nil {
		t.Errorf("an API key: %v", result)
	}
	if ok := n.Dial().OK("auth.login_with_api_key", "1-another-key"); ok != false {
		t.Errorf("a wrong API key: %v", ok)
	}
	token := c.OK("auth.generate_token", 60)
	if ok := n.Dial().OK("auth.login_with_token", token); ok != true {
		t.Errorf("a token: %v", ok)
	}
	if status, _ := n.Call("Bearer 1-the-first-key", "GET", "/system/version", nil); status != 200 {
		t.Errorf("the key over REST: %d", status)
	}
	c.OK("auth.logout")
	if _, err := c.Call("system.info"); !errors.As(err, &refused) {
		t.Errorf("after the logout: %v", err)
	}
}

func TestTwoFactors(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.10"), func(c *nas.Config) { c.OTP = otpSecret })
	c := n.Dial()
	login := func(data M) any {
		result, err := c.Call("auth.login_ex", data)
		return kindOf(t, result, err)
	}
	first := M{"mechanism": "PASSWORD_PLAIN", "username": "root", "password": nastest.Password}
	if kind := login(first); kind != "OTP_REQUIRED" {
		t.Fatalf("the password alone: %v", kind)
	}
	if kind := login(M{"mechanism": "OTP_TOKEN", "otp_token": "12345"}); kind != "OTP_REQUIRED" {
		t.Errorf("a wrong second factor: %v", kind)
	}
	if _, err := c.Call("system.info"); err == nil {
		t.Error("in without the second factor")
	}
	if kind := login(M{"mechanism": "OTP_TOKEN", "otp_token": code(t)}); kind != "SUCCESS" {
		t.Errorf("the second factor: %v", kind)
	}
	if ok := n.Dial().OK("auth.login", "root", nastest.Password); ok != false {
		t.Errorf("auth.login without the second factor: %v", ok)
	}
	if ok := n.Dial().OK("auth.login", "root", nastest.Password, code(t)); ok != true {
		t.Errorf("auth.login with it: %v", ok)
	}
	if status, _ := n.Call("", "GET", "/system/version", nil); status != 401 {
		t.Errorf("a password over REST: %d", status)
	}
}

func TestJSONRPCMessages(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("26.0"))
	c := n.Login()
	for text, want := range map[string]float64{
		`{`:                                   -32700,
		`{"jsonrpc":"2.0","id":1,"method":7}`: -32600,
		`{"jsonrpc":"2.0","id":1,"method":"core.ping","params":{}}`: -32600,
		`{"jsonrpc":"1.0","id":1,"method":"core.ping","params":[]}`: -32600,
		`[]`: -32600,
		`{"jsonrpc":"2.0","id":1,"method":"service.start","params":["iscsitarget"]}`:                                      -32601,
		`{"jsonrpc":"2.0","id":1,"method":"iscsi.portal.create","params":[{"listen":[{"ip":"0.0.0.0","port":3260}]}]}`:    -32602,
		`{"jsonrpc":"2.0","id":1,"method":"iscsi.portal.get_instance","params":[9]}`:                                      -32602,
		`{"jsonrpc":"2.0","id":1,"method":"pool.export","params":[1,{"destroy":false}]}`:                                  -32001,
		`{"jsonrpc":"2.0","id":1,"method":"iscsi.auth.create","params":[{"tag":"1","user":"u","secret":"twelve-chars"}]}`: -32602,
	} {
		if err := c.Send(text); err != nil {
			t.Fatal(err)
		}
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if refused, _ := m["error"].(M); refused["code"] != want {
			t.Errorf("%s: %v, want %v", text, m, want)
		}
	}
	_, err := c.Call("iscsi.portal.create", M{"listen": []M{{"ip": "0.0.0.0", "port": 3260}}})
	var refused *nastest.RPCError
	want := []any{[]any{"iscsi_portal_create.listen.0.port", "Extra inputs are not permitted", 22.0}}
	if !errors.As(err, &refused) || fmt.Sprint(refused.Data["extra"]) != fmt.Sprint(want) {
		t.Errorf("an unknown field: %v", refused)
	}
}

// What is too long ends the connection: 8 kB before the login, 64 kB after.
func TestMessageSize(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.04"))
	ping := func(c *nastest.RPC, length int) error {
		head := `{"jsonrpc":"2.0","id":1,"method":"core.ping","params":[]`
		if err := c.Send(head + strings.Repeat(" ", length-len(head)-1) + "}"); err != nil {
			return err
		}
		_, err := c.Receive()
		return err
	}
	if err := ping(n.Dial(), 8192); err != nil {
		t.Errorf("8192 bytes: %v", err)
	}
	if err := ping(n.Dial(), 8193); websocket.CloseStatus(err) != websocket.StatusMessageTooBig || !strings.Contains(err.Error(), "Anonymous connection") {
		t.Errorf("8193 bytes: %v", err)
	}
	if err := ping(n.Login(), 65536); err != nil {
		t.Errorf("65536 bytes: %v", err)
	}
	if err := ping(n.Login(), 65537); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("65537 bytes: %v", err)
	}
	c := n.Login()
	if err := c.Conn.Write(t.Context(), websocket.MessageBinary, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receive(); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("a binary message: %v", err)
	}
}

func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.10"))
	c := n.Dial()
	// A wrong login takes a second, which is long enough to send the others.
	for i := range 25 {
		data, _ := json.Marshal(M{"jsonrpc": "2.0", "id": i, "method": "auth.login", "params": []string{"root", "wrong"}})
		if err := c.Send(string(data)); err != nil {
			t.Fatal(err)
		}
	}
	crowded := 0
	for range 25 {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if refused, ok := m["error"].(M); ok && refused["code"] == -32000.0 {
			crowded++
		}
	}
	if crowded != 5 {
		t.Errorf("%d of 25 calls were refused, 5 were expected", crowded)
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.10"))
	c := n.Login()
	c.OK("core.subscribe", "core.get_jobs")
	pool := func(name, disk string) M {
		return M{"name": name, "topology": M{"data": []M{{"type": "STRIPE", "disks": []string{disk}}}}}
	}
	id := c.OK("pool.create", pool("tank", "sdb"))
	if _, isNumber := id.(float64); !isNumber {
		t.Fatalf("a job is answered with %v", id)
	}
	c.OK("core.job_wait", id)
	if job := c.Job("pool.create", pool("other", "sdb")); job["state"] != "FAILED" || job["exc_info"].(M)["type"] != "VALIDATION" {
		t.Errorf("a disk in use: %v", job)
	}
	told := slices.ContainsFunc(c.Events, func(e M) bool {
		p, _ := e["params"].(M)
		fields, _ := p["fields"].(M)
		return e["method"] == "collection_update" && p["collection"] == "core.get_jobs" && p["id"] == id && fields["state"] == "SUCCESS"
	})
	if !told {
		t.Errorf("no notification of the job's end: %v", c.Events)
	}
	// Not legacy: the answer waits for the job's end.
	c.OK("core.set_options", M{"legacy_jobs": false})
	if made := c.OK("pool.create", pool("third", "sdc")).(M); made["name"] != "third" {
		t.Errorf("the job's result: %v", made)
	}
	if _, err := c.Call("pool.create", pool("fourth", "sdc")); err == nil {
		t.Error("a job that fails is answered with a result")
	}
}

func TestWhichDialects(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][3]int{ // API v1.0, v2.0, versions of JSON-RPC
		"9.3.0": {401, 404, 404}, "9.3.1": {401, 404, 404}, "11.3": {401, 401, 404}, "13.0": {404, 401, 404}, "22.12": {404, 401, 404},
		"24.10": {404, 401, 404}, "25.04": {404, 401, 200}, "25.10": {404, 401, 200}, "26.0": {404, 404, 200},
	} {
		n := nastest.Start(t, nastest.Version(version))
		for i, path := range []string{"/api/v1.0/system/version/", "/api/v2.0/system/version", "/api/versions"} {
			status, _ := n.Get(path)
			if status != want[i] {
				t.Errorf("%s %s: %d, want %d", version, path, status, want[i])
			}
		}
	}
	n := nastest.Start(t, nastest.Version("25.10"))
	status, list := n.Get("/api/versions")
	if all, _ := list.([]any); status != http.StatusOK || !slices.Contains(all, any("v25.10.0")) {
		t.Errorf("versions: %d %v", status, list)
	}
}
