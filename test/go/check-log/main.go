// Checks a log of Sello's with nothing of Sello's: notes by golang.org/x/mod/sumdb/note, tiles and proofs by .../tlog.
//
//	check-log [-old CHECKPOINT] [-export FILE] [-proof FILE:HASH]... URL
//
// Verifies the checkpoint by the verifier key at URL, reads every entry through authenticated tiles, and compares entry i
// with line i of the export. An older checkpoint must be a prefix; each proof must prove its hash, without the server.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proofs []string

func (p *proofs) String() string     { return strings.Join(*p, " ") }
func (p *proofs) Set(s string) error { *p = append(*p, s); return nil }

func main() {
	old := flag.String("old", "", "an older checkpoint")
	export := flag.String("export", "", "an export of the journal")
	var given proofs
	flag.Var(&given, "proof", "a proof and the hash it proves: FILE:HASH")
	flag.Parse()
	if err := run(flag.Arg(0), *old, *export, given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, old, export string, given proofs) error {
	vkey, err := get(url + "/log/vkey")
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return err
	}
	signed, err := get(url + "/log/checkpoint")
	if err != nil {
		return err
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{url})
	hashes, err := exported(export)
	if err != nil {
		return err
	}
	for index := int64(0); index < tree.N; {
		bundle, err := entries(url, index/256, tree.N)
		if err != nil {
			return err
		}
		var indexes []int64
		for i := range bundle {
			indexes = append(indexes, tlog.StoredHashIndex(0, index+int64(i)))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range bundle {
			if tlog.RecordHash(entry) != leaves[i] {
				return fmt.Errorf("entry %d is not what the tree has", index)
			}
			if hashes != nil && (int64(len(hashes)) <= index || !bytes.Equal(hashes[index], entry)) {
				return fmt.Errorf("entry %d is not line %d of the export", index, index)
			}
			index++
		}
	}
	if old != "" {
		if err := consistent(old, verifier, tree, reader); err != nil {
			return err
		}
	}
	for _, each := range given {
		if err := included(each, verifier); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries, %d proofs\n", tree.N, len(given))
	return nil
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func open(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, errors.New("the checkpoint has another origin or form")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// tiles reads a log over HTTP. x/mod writes the height into the path, https://c2sp.org/tlog-tiles does not.
type tiles struct{ url string }

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		data, err := get(t.url + "/log/" + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func entries(url string, number, size int64) ([][]byte, error) {
	width := min(256, size-number*256)
	path := strings.Replace(tlog.Tile{H: 8, L: 0, N: number, W: int(width)}.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := get(url + "/log/" + path)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(data) >= 34 && data[0] == 0 && data[1] == 32 {
		found = append(found, data[2:34])
		data = data[34:]
	}
	if len(data) != 0 || int64(len(found)) != width {
		return nil, fmt.Errorf("%s is no bundle of %d entries", path, width)
	}
	return found, nil
}

// exported reads the hashes of the sealed entries of an export, in its order.
func exported(path string) ([][]byte, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	var hashes [][]byte
	for lines.Scan() {
		var line struct {
			Index *int
			Hash  string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		if line.Index == nil {
			break
		}
		if *line.Index != len(hashes) {
			return nil, fmt.Errorf("line %d has index %d", len(hashes), *line.Index)
		}
		hash, err := hex.DecodeString(line.Hash)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, lines.Err()
}

func consistent(path string, verifier note.Verifier, tree tlog.Tree, reader tlog.HashReader) error {
	signed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	older, err := open(signed, verifier)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, older.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

// included checks a https://c2sp.org/tlog-proof alone.
func included(given string, verifier note.Verifier) error {
	path, wanted, _ := strings.Cut(given, ":")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("%s is no proof", path)
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != 32 {
			return fmt.Errorf("%s has a line that is no hash", path)
		}
		proof = append(proof, tlog.Hash(hash))
	}
	entry, err := hex.DecodeString(wanted)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}
