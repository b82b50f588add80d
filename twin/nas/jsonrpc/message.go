// SPDX-License-Identifier: GPL-3.0-or-later

package jsonrpc

import (
	"errors"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/middleware"
	"livelab.dev/twin/nas/versions"
)

// Codes of errors.
const (
	codeJSON     = -32700
	codeRequest  = -32600
	codeMethod   = -32601
	codeParams   = -32602
	codeTooMany  = -32000
	codeCall     = -32001
	notLoggedIn  = 207 // the middleware's own number ENOTAUTHENTICATED
	protocolName = "2.0"
)

// request is one call.
type request struct {
	id     any
	method string
	params []any
}

// rpcError is what a call is refused with.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (e rpcError) Error() string { return e.Message }

// parse reads a request. With an error the id is the request's as far as it could be read.
func parse(data []byte) (request, error) {
	v, err := versions.Decode(data)
	if err != nil {
		return request{}, rpcError{Code: codeJSON, Message: "Parse error"}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return request{}, invalid("Invalid request")
	}
	r := request{id: object["id"]}
	switch r.id.(type) {
	case nil, string, int64:
	default:
		r.id = nil
		return r, invalid("'id' member must be of type string, number or NULL")
	}
	if object["jsonrpc"] != protocolName {
		return r, invalid("'jsonrpc' member must be '2.0'")
	}
	if r.method, ok = object["method"].(string); !ok {
		return r, invalid("'method' member must be of type string")
	}
	params, sent := object["params"]
	if r.params, ok = params.([]any); sent && !ok {
		return r, invalid("'params' member must be of type array")
	}
	return r, nil
}

func invalid(text string) error { return rpcError{Code: codeRequest, Message: text} }

// refused makes the error of an answer.
func refused(err error) rpcError {
	var own rpcError
	var wrong fault.Invalid
	var call fault.Refusal
	var missing fault.Missing
	var unknown middleware.Unknown
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &unknown):
		return rpcError{Code: codeMethod, Message: "Method does not exist"}
	case errors.As(err, &wrong):
		return rpcError{codeParams, "Invalid params", errorData(fault.EINVAL, "EINVAL", err, middleware.Extra(wrong))}
	case errors.As(err, &missing):
		return rpcError{codeParams, "Invalid params", errorData(fault.EINVAL, "EINVAL", err, [][]any{{nil, err.Error(), fault.ENOENT}})}
	case errors.As(err, &call):
		return rpcError{codeCall, "Method call error", errorData(call.Errno, fault.Name(call.Errno), err, nil)}
	}
	return rpcError{codeCall, "Method call error", errorData(fault.EINVAL, "EINVAL", err, nil)}
}

func errorData(errno int, name string, err error, extra any) any {
	class := middleware.Class(err)
	return map[string]any{
		"error": errno, "errname": name, "reason": err.Error(), "extra": extra,
		"trace": map[string]any{"class": class, "frames": []any{}, "formatted": class + ": " + err.Error(), "repr": class + "(" + err.Error() + ")"},
	}
}
