// SPDX-License-Identifier: GPL-3.0-or-later

package survive

import (
	"fmt"
	"strings"
	"testing"
)

func TestDo(t *testing.T) {
	var logged string
	logf := func(format string, args ...any) { logged += fmt.Sprintf(format, args...) }
	if err := Do(logf, "nothing", func() {}); err != nil || logged != "" {
		t.Errorf("work that went well: %v, logged %q", err, logged)
	}
	var list []int
	err := Do(logf, "counting", func() { list[len(list)] = 1 })
	if err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("a panic of the runtime's: %v", err)
	}
	if err := Do(logf, "saying", func() { panic("a reason") }); err == nil || err.Error() != "a reason" {
		t.Errorf("a panic of one's own: %v", err)
	}
	for _, want := range []string{"counting failed: ", "saying failed: a reason", "survive_test.go"} {
		if !strings.Contains(logged, want) {
			t.Errorf("logged %q, without %q", logged, want)
		}
	}
}

func TestGo(t *testing.T) {
	logged := make(chan string, 1)
	Go(func(format string, args ...any) { logged <- fmt.Sprintf(format, args...) }, "work beside", func() { panic("a reason") })
	if got := <-logged; !strings.HasPrefix(got, "work beside failed: a reason") {
		t.Errorf("logged %q", got)
	}
}
