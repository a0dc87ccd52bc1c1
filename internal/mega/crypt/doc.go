// Package crypt holds MEGA's cryptography: keys, node attributes, file fingerprints and the chunk MACs
// that prove content.
//
// It is a leaf: values and pure functions, no network, no clock. Everything in it is safe for concurrent
// use unless a type says otherwise. Types that hold key material print as "[redacted]" whatever verb,
// encoder or logger meets them; their bytes are reached by slicing, which is visible at the call. One gap
// remains: fmt does not call methods of unexported fields, so a struct that holds a Key privately and may be
// printed needs a Format method of its own.
//
// AES-128 is used throughout. A file is encrypted in counter mode under its own key, and every chunk of
// the fixed chunk table carries a CBC-MAC; the MAC of these MACs is part of the node key. Whoever has a
// node key can therefore prove that local bytes equal remote ones without a download (see [Check]).
//
// The MACs are the cost of everything here, so they have kernels of their own for amd64 and arm64 that
// interleave eight chunks, of one file or of several; elsewhere, and with the build tag purego, portable
// code does the same. To try the other architecture: GOARCH=arm64 go test -exec qemu-aarch64-static.
package crypt
