package emulator

import (
	"cmp"
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
	if err := s.addAccount(a); err != nil {
		return fmt.Errorf("add account %s: %w", a.Email, err)
	}
	return nil
}

func (s *Server) addAccount(a Account) error {
	if known, ok := s.account(a.Email); ok {
		master, err := known.unlock(a.Password)
		if err != nil {
			return err
		}
		return s.prepare(known.User, a.MFASecret, master)
	}
	record, master, err := s.newAccount(a)
	if err != nil {
		return err
	}
	if err := s.storeAccount(record); err != nil {
		return err
	}
	return s.prepare(record.User, a.MFASecret, master)
}

func (s *Server) account(email string) (accountRecord, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.st.emails[strings.ToLower(email)]
	if u == nil {
		return accountRecord{}, false
	}
	return u.accountRecord, true
}

// newAccount makes the keys of an account and returns its master key too.
func (s *Server) newAccount(a Account) (accountRecord, []byte, error) {
	key, err := s.opts.NewKey()
	if err != nil {
		return accountRecord{}, nil, fmt.Errorf("make RSA key: %w", err)
	}
	r := accountRecord{
		User:     encode64(randomBytes(8)),
		Email:    a.Email,
		Version:  2,
		Salt:     randomBytes(32),
		Since:    s.opts.Now().Unix(),
		Roots:    [3]handle{newHandle(), newHandle(), newHandle()},
		FirstSeq: binary.BigEndian.Uint64(append([]byte{0, 0}, randomBytes(6)...)) | 1,
	}
	if a.V1 {
		r.Version, r.Salt = 1, nil
	}
	passwordKey, auth, err := r.derive(a.Password)
	if err != nil {
		return accountRecord{}, nil, err
	}
	master := randomBytes(16)
	hash := sha256.Sum256(auth)
	r.Auth = hash[:]
	r.Key = encode64(encryptECB(newAES(passwordKey), master))
	r.Private = encode64(encryptECB(newAES(master), privateBlob(key)))
	r.Public = publicBlob(key)
	return r, master, nil
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

func (s *Server) storeAccount(r accountRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.st.emails[strings.ToLower(r.Email)] != nil {
		return errors.New("it is being added twice at once")
	}
	t := s.begin()
	t.do(change{Account: &r})
	for i, k := range []kind{kindRoot, kindVault, kindBin} {
		t.do(change{Node: &nodeChange{User: r.User, Node: &node{Handle: r.Roots[i], Kind: k, Time: r.Since}}})
	}
	return t.commit()
}

// unlock returns the master key.
func (r *accountRecord) unlock(password string) ([]byte, error) {
	passwordKey, auth, err := r.derive(password)
	if err != nil {
		return nil, err
	}
	if !r.accepts(auth) {
		return nil, errors.New("it is there already, with another password")
	}
	sealed, err := decode64(r.Key)
	if err != nil || len(sealed) != 16 {
		return nil, errors.New("its master key is damaged")
	}
	return decryptECB(newAES(passwordKey), sealed), nil
}

// prepare brings an account up to what this start asks for.
func (s *Server) prepare(handle, mfa string, master []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.st.users[handle]
	r := u.accountRecord
	r.MFA = cmp.Or(mfa, r.MFA)
	r.Generated = max(r.Generated, s.opts.GenerateNodes)
	if r.Generated != u.Generated || r.MFA != u.MFA {
		t := s.begin()
		t.do(change{Account: &r})
		if err := t.commit(); err != nil {
			return err
		}
	}
	if u.tree.gen != nil {
		u.tree.gen.keys = newAES(master)
	}
	return nil
}
