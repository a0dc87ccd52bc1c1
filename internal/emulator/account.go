package emulator

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// AddAccount makes the account, or finds it in the directory; then the
// password must be the one it was made with. GenerateNodes of the options
// takes effect here, and never shrinks what an account has.
func (s *Server) AddAccount(a Account) error {
	if a.Email == "" || a.Password == "" {
		return errors.New("add account: email and password must not be empty")
	}
	s.mu.Lock()
	known := s.st.emails[strings.ToLower(a.Email)]
	s.mu.Unlock()
	if known == nil {
		record, err := s.newAccount(a)
		if err != nil {
			return fmt.Errorf("add account %s: %w", a.Email, err)
		}
		if known, err = s.storeAccount(record); err != nil {
			return fmt.Errorf("add account %s: %w", a.Email, err)
		}
	}
	if err := s.unlock(known, a); err != nil {
		return fmt.Errorf("add account %s: %w", a.Email, err)
	}
	return nil
}

func (s *Server) newAccount(a Account) (accountRecord, error) {
	key, err := s.opts.NewKey()
	if err != nil {
		return accountRecord{}, fmt.Errorf("make RSA key: %w", err)
	}
	r := accountRecord{
		User:     encode64(randomBytes(8)),
		Email:    a.Email,
		Version:  2,
		Salt:     randomBytes(32),
		Since:    s.opts.Now().Unix(),
		Roots:    [3]handle{newHandle(), newHandle(), newHandle()},
		FirstSeq: binary.BigEndian.Uint64(append([]byte{0, 0}, randomBytes(6)...)) | 1,
		MFA:      a.MFASecret,
	}
	if a.V1 {
		r.Version, r.Salt = 1, nil
	}
	passwordKey, auth, err := r.derive(a.Password)
	if err != nil {
		return accountRecord{}, err
	}
	master := randomBytes(16)
	hash := sha256.Sum256(auth)
	r.Auth = hash[:]
	r.Key = encode64(encryptECB(newAES(passwordKey), master))
	r.Private = encode64(encryptECB(newAES(master), privateBlob(key)))
	r.Public = publicBlob(key)
	return r, nil
}

// derive returns the password key and what a client proves the password with.
func (r *accountRecord) derive(password string) (passwordKey, auth []byte, err error) {
	if r.Version == 1 {
		key := passwordKeyV1(password)
		return key, userHashV1(r.Email, key), nil
	}
	return deriveV2(password, r.Salt)
}

func (r *accountRecord) accepts(auth []byte) bool {
	hash := sha256.Sum256(auth)
	return subtle.ConstantTimeCompare(hash[:], r.Auth) == 1
}

func (s *Server) storeAccount(r accountRecord) (*user, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.st.emails[strings.ToLower(r.Email)]; u != nil {
		return u, nil
	}
	t := s.begin()
	t.do(change{Account: &r})
	for i, k := range []kind{kindRoot, kindVault, kindBin} {
		t.do(change{Node: &nodeChange{User: r.User, Node: &node{Handle: r.Roots[i], Kind: k, Time: r.Since}}})
	}
	return s.st.users[r.User], t.commit()
}

// unlock checks the password and opens the keys that generated nodes need.
func (s *Server) unlock(u *user, a Account) error {
	passwordKey, auth, err := u.derive(a.Password)
	if err != nil {
		return err
	}
	if !u.accepts(auth) {
		return errors.New("the account is there already, with another password")
	}
	sealed, err := decode64(u.Key)
	if err != nil || len(sealed) != 16 {
		return errors.New("stored master key is damaged")
	}
	master := decryptECB(newAES(passwordKey), sealed)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := u.accountRecord
	if a.MFASecret != "" {
		r.MFA = a.MFASecret
	}
	r.Generated = max(r.Generated, s.opts.GenerateNodes)
	if r.Generated != u.Generated || r.MFA != u.MFA {
		t := s.begin()
		t.do(change{Account: &r})
		if err := t.commit(); err != nil {
			return err
		}
	}
	if u.tree.gen != nil {
		u.tree.gen.keys = newAES(bytes.Clone(master))
	}
	return nil
}
