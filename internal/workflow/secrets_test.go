package workflow

import (
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
)

// The vectors are those of RFC 6238, appendix B (SHA-1), cut to six digits.
func TestTOTPAgreesWithRFC6238(t *testing.T) {
	secret := redact.New("GEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ")
	for unix, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		got, err := totp(secret, time.Unix(unix, 0))
		if err != nil || got != want {
			t.Errorf("totp at %d = %s, %v, want %s", unix, got, err, want)
		}
	}
	if _, err := totp(redact.New("not base32!"), time.Unix(0, 0)); err == nil {
		t.Error("totp took a secret that is not base32")
	}
}

func TestRunReturnsTheFirstLine(t *testing.T) {
	got, err := run(t.Context(), t.TempDir(), "password_command", []string{"printf", `s3cret\nsecond`})
	if err != nil || got.Reveal() != "s3cret" {
		t.Errorf("run = %q, %v", got.Reveal(), err)
	}
	if _, err := run(t.Context(), t.TempDir(), "password_command", []string{"false"}); err == nil {
		t.Error("run of a failing command succeeded")
	}
	if _, err := run(t.Context(), t.TempDir(), "password_command", []string{"true"}); err == nil {
		t.Error("run of a silent command succeeded")
	}
}
