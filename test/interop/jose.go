// Opens a message by go-jose: {"jwe", "seal", "sign"} on standard input, {"claims"} on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-jose/go-jose/v4"
)

type asked struct {
	JWE  json.RawMessage `json:"jwe"`
	Seal jose.JSONWebKey `json:"seal"`
	Sign jose.JSONWebKey `json:"sign"`
}

func main() {
	var in asked
	check(json.NewDecoder(os.Stdin).Decode(&in))
	sealed, err := jose.ParseEncrypted(string(in.JWE), []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	check(err)
	_, _, plaintext, err := sealed.DecryptMulti(in.Seal.Key)
	check(err)
	signed, err := jose.ParseSigned(string(plaintext), []jose.SignatureAlgorithm{jose.ES256})
	check(err)
	payload, err := signed.Verify(in.Sign.Key)
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(map[string]json.RawMessage{"claims": payload}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
