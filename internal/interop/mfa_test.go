package interop

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
)

// totp is the six-digit code of RFC 6238 for a base32 secret.
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	short := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", short%1_000_000)
}

// TestTwoFactors signs rclone in to an account that wants a second factor.
func TestTwoFactors(t *testing.T) {
	t.Parallel()
	const secret = "JBSWY3DPEHPK3PXP"
	if got := totp(t, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", time.Unix(1111111109, 0)); got != "081804" {
		t.Fatalf("the vector of RFC 6238 gives %s", got)
	}
	s := serveAccount(t, emulator.Options{}, emulator.Account{MFASecret: secret})
	c := startRclone(t, s)
	if _, err := try(c.command(t, "mkdir", "m:without")); err == nil || !strings.Contains(err.Error(), "Multi-factor") {
		t.Errorf("without a code: %v", err)
	}
	if _, err := try(c.command(t, "mkdir", "m:wrong", "--mega-2fa=000000")); err == nil {
		t.Error("a wrong code signs in")
	}
	output(t, c.command(t, "mkdir", "m:right", "--mega-2fa="+totp(t, secret, time.Now())))
	wantList(t, c, nil, entry{Name: "right", Dir: true})
}
