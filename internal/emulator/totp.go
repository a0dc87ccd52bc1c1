package emulator

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// validTOTP checks a six-digit code of RFC 6238, one step early or late.
func validTOTP(secret, code string, now time.Time) bool {
	key, err := decodeSecret(secret)
	if err != nil {
		return false
	}
	step := now.Unix() / 30
	for _, t := range []int64{step - 1, step, step + 1} {
		if subtle.ConstantTimeCompare([]byte(totp(key, t)), []byte(code)) == 1 {
			return true
		}
	}
	return false
}

func decodeSecret(secret string) ([]byte, error) {
	clean := strings.NewReplacer(" ", "", "-", "", "=", "").Replace(strings.ToUpper(secret))
	return base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(clean)
}

func totp(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}
