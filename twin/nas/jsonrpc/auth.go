// SPDX-License-Identifier: GPL-3.0-or-later

package jsonrpc

import (
	"context"
	"crypto/rand"
	"math/big"
	"time"

	"livelab.dev/twin/nas/fault"
)

// method is one that belongs to the session.
type method func(ctx context.Context, args []any) (any, error)

// own is a method of the session's, or nil.
func (s *session) own(name string) method {
	switch name {
	case "auth.login":
		return s.login
	case "auth.login_ex", "auth.login_ex_continue":
		return s.loginEx
	case "auth.login_with_api_key", "auth.legacy_api_key_login":
		return func(_ context.Context, args []any) (any, error) { return s.accept(s.m.NAS.KeyOK(text(args[0]))), nil }
	case "auth.login_with_token", "auth.legacy_token_login":
		return func(_ context.Context, args []any) (any, error) { return s.accept(s.m.NAS.TokenOK(text(args[0]))), nil }
	case "auth.mechanism_choices":
		return func(context.Context, []any) (any, error) {
			return []string{"API_KEY_PLAIN", "OTP_TOKEN", "PASSWORD_PLAIN", "TOKEN_PLAIN"}, nil
		}
	case "auth.generate_token":
		return func(_ context.Context, args []any) (any, error) {
			seconds, _ := args[0].(int64)
			return s.m.NAS.NewToken(time.Duration(seconds) * time.Second), nil
		}
	case "auth.me":
		return func(context.Context, []any) (any, error) { return s.userInfo(), nil }
	case "auth.logout":
		return s.logout
	case "core.set_options":
		return s.setOptions
	case "core.subscribe":
		return s.subscribe
	case "core.unsubscribe":
		return s.unsubscribe
	}
	return nil
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

// accept lets the client in, or makes it wait a while.
func (s *session) accept(ok bool) bool {
	if !ok {
		s.logf("nas: JSON-RPC from %s: wrong credentials", s.remote)
		time.Sleep(penalty())
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loggedIn, s.waitsForOTP, s.triesOTP = true, false, 0
	return true
}

// penalty is how long a wrong login waits: a second and a bit, by chance.
func penalty() time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(500))
	if err != nil {
		return time.Second
	}
	return time.Second + time.Duration(n.Int64())*time.Millisecond
}

// login is the older way: a password and, with two factors, a one-time password at once.
func (s *session) login(_ context.Context, args []any) (any, error) {
	nas := s.m.NAS
	ok := nas.PasswordOK(text(args[0]), text(args[1])) && (!nas.TwoFactor() || nas.OTPOK(text(args[2])))
	return s.accept(ok), nil
}

// maxOTP is how often a one-time password may be tried.
const maxOTP = 3

// loginEx answers a failure with a result that says so, not with an error.
func (s *session) loginEx(_ context.Context, args []any) (any, error) {
	data, _ := args[0].(map[string]any)
	nas, user := s.m.NAS, text(data["username"])
	switch data["mechanism"] {
	case "PASSWORD_PLAIN":
		if !nas.PasswordOK(user, text(data["password"])) {
			return s.outcome(data, s.accept(false)), nil
		}
		if nas.TwoFactor() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.waitsForOTP, s.triesOTP = true, 0
			return map[string]any{"response_type": "OTP_REQUIRED", "username": user}, nil
		}
		return s.outcome(data, s.accept(true)), nil
	case "API_KEY_PLAIN":
		return s.outcome(data, s.accept(user == nas.User() && nas.KeyOK(text(data["api_key"])))), nil
	case "TOKEN_PLAIN":
		return s.outcome(data, s.accept(nas.TokenOK(text(data["token"])))), nil
	case "OTP_TOKEN":
		return s.secondFactor(data)
	}
	return nil, fault.Refuse(fault.EINVAL, "this NAS has no login by %v", data["mechanism"])
}

func (s *session) secondFactor(data map[string]any) (any, error) {
	s.mu.Lock()
	waits := s.waitsForOTP
	s.triesOTP++
	again := waits && s.triesOTP < maxOTP
	s.mu.Unlock()
	if !waits {
		return nil, fault.Refuse(fault.EINVAL, "OTP token is only valid after a login that asked for it")
	}
	ok := s.accept(s.m.NAS.OTPOK(text(data["otp_token"])))
	if !ok && again {
		return map[string]any{"response_type": "OTP_REQUIRED", "username": s.m.NAS.User()}, nil
	}
	return s.outcome(data, ok), nil
}

func (s *session) outcome(data map[string]any, ok bool) any {
	if !ok {
		return map[string]any{"response_type": "AUTH_ERR"}
	}
	result := map[string]any{"response_type": "SUCCESS", "user_info": nil, "authenticator": "LEVEL_1"}
	options, _ := data["login_options"].(map[string]any)
	if options["user_info"] == true {
		result["user_info"] = s.userInfo()
	}
	if _, known := options["reconnect_token"]; known {
		result["reconnect_token"] = nil
		if options["reconnect_token"] == true {
			result["reconnect_token"] = s.m.NAS.NewToken(10 * time.Minute)
		}
	}
	return result
}

// adminUID is that of truenas_admin; root's is 0.
const adminUID = 950

func (s *session) userInfo() any {
	name, uid, home := s.m.NAS.User(), adminUID, "/home/"+s.m.NAS.User()
	if name == "root" {
		uid, home = 0, "/root"
	}
	return map[string]any{ //nolint:gosec // No credentials: fields of passwd(5), as the API has them.
		"pw_name": name, "pw_gecos": name, "pw_dir": home, "pw_shell": "/usr/bin/zsh", "pw_uid": uid, "pw_gid": uid, "grouplist": []int{uid},
		"source": "LOCAL", "local": true, "attributes": map[string]any{}, "two_factor_config": map[string]any{"secret_configured": s.m.NAS.TwoFactor()},
		"privilege": map[string]any{"roles": []string{"FULL_ADMIN"}, "web_shell": true, "webui_access": true}, "account_attributes": []string{"LOCAL"},
	}
}

func (s *session) logout(context.Context, []any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loggedIn = false
	return true, nil
}
